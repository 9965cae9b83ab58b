"""Words that carry no meaning of their own, by language."""

from __future__ import annotations

from functools import cache

from curation.text.folding import fold
from curation.text.language import common_words
from curation.text.terms import listed
from curation.text.word_lists import FOLDER, read_word_list


@cache
def function_words(language: str) -> frozenset[str]:
    """The folded function words of a language; where it has no list of ours, the stop words of spaCy."""
    words = read_word_list(FOLDER / "function_words.yaml", dict[str, str])
    listed_words = listed(words[language]) if language in words else common_words(language)
    return frozenset(fold(word).text for word in listed_words)
