"""Evidence that two sentences of two languages mean the same: numbers, translated words, and words spelt alike.

A key is a number (`#38.1`), a line of the glossary (`=17`) or the beginning of a word's skeleton (`~ekoka`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from curation.text.cognates import folded_word, skeleton
from curation.text.glossary import meanings

#: A word of a text whose letters are composed.
WORD = re.compile(r"[^\W\d_]+")
#: Letters of a word from which it is looked at, and of its skeleton that must be the same.
LETTERS, BEGINNING = 5, 5


def evidence(words: Iterable[str], numbers: Iterable[str], language: str) -> frozenset[str]:
    """The keys of a sentence with these words and numbers."""
    return frozenset(map("#{}".format, numbers)).union(*[_word_keys(word, language) for word in words])


@lru_cache(maxsize=20_000)
def _word_keys(word: str, language: str) -> frozenset[str]:
    """The keys of a word."""
    word = folded_word(word)
    spelt = {f"~{skeleton(word).text[:BEGINNING]}"} if len(word) >= LETTERS else set()
    return frozenset({f"={meaning.line}" for meaning in meanings(word, language)} | spelt)
