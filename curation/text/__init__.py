"""The one reader of clinical text: sentences, words, folding, alignment, numbers, dates, units, drugs, ages, language.

Its grammar and words stand in the YAML files beside the modules, each once; `word_lists` reads them and digests them
for the fingerprints of what depends on them.
"""
