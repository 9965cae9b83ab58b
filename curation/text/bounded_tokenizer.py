"""A spaCy tokenizer that gets no long runs without blanks, because its time grows with the square of their length."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: A run that no one would call a word, and what it is cut into.
LONG_RUN = re.compile(r"(\S{200,})")
PIECES = re.compile(r"\w{1,50}|\W")


def without_long_runs(tokenizer: Any, vocabulary: Any) -> Callable[[str], Doc]:
    """The tokenizer, unchanged except for long runs: those are cut into words of at most 50 characters and
    single signs.
    """

    def tokenize(text: str) -> Doc:
        from spacy.tokens import Doc

        parts = LONG_RUN.split(text)
        if len(parts) == 1:
            return cast(Doc, tokenizer(text))
        forms: list[str] = []
        spaces: list[bool] = []
        for number, part in enumerate(parts):
            if number % 2:
                pieces = PIECES.findall(part)
                forms += pieces
                spaces += [False] * len(pieces)
            elif part:
                tokens = tokenizer(part)
                forms += [token.text for token in tokens]
                spaces += [bool(token.whitespace_) for token in tokens]
        return Doc(vocabulary, words=forms, spaces=spaces)

    return tokenize
