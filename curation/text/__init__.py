"""The one reader of clinical text: sentences, tokens, folding, alignment, language."""
