"""Words for ROUGE in any language: whole Unicode words and whole numbers, stemmed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from curation.text.folding import composed

#: Snowball's names (Porter 2001) of the languages that records may be in; others are not stemmed.
STEMMERS = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}

#: A number with its decimals or thousands, or a word: "7.9" and "Rückenschmerzen" are one each.
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


class WordTokenizer:
    """A tokenizer for `rouge_score`, whose own one keeps nothing but a-z and 0-9."""

    def __init__(self, language: str) -> None:
        import snowballstemmer

        name = STEMMERS.get(language)
        stemmer: Any = snowballstemmer.stemmer(name) if name else None
        self._stem = lru_cache(maxsize=50_000)(stemmer.stemWord if stemmer else str)

    def tokenize(self, text: str) -> list[str]:
        """The stems of a text, case and typographic form folded."""
        folded = composed(text)
        return [self._stem(word) for word in WORD.findall(folded)]
