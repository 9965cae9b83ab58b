"""Words as numbers for linear models: each word's features, hashed into buckets (Weinberger et al. 2009)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from curation.record import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

#: A word, or a single sign.
WORD = re.compile(r"\w+|[^\w\s]")
#: Buckets that features are hashed into.
BUCKETS = 1 << 17


def words_of(text: str) -> list[tuple[int, int]]:
    """The spans of the words and signs of a text."""
    return [found.span() for found in WORD.finditer(text)]


class WordFeatures:
    """The features of words by their neighbours, ends, beginnings and shapes; the numbers of a word are cached."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[int, int, int, int]] = {}

    def __call__(self, text: str, spans: Sequence[tuple[int, int]]) -> Numbers:
        """The buckets of each word's features: shape (words, features)."""
        import numpy as np

        codes = self.codes(text, spans)
        word = codes[:, 0]
        edge = np.zeros(2, dtype=np.int64)
        far, near, _, after, beyond = (np.concatenate([edge, word, edge])[i : i + len(word)] for i in range(5))
        parts = (
            word, near, after, far, beyond, codes[:, 1], codes[:, 2], codes[:, 3],
            near * 31 + word, word * 37 + after,
        )  # fmt: skip
        return bucketed(parts)

    def codes(self, text: str, spans: Sequence[tuple[int, int]]) -> Numbers:
        """Numbers for each word, its end, its beginning and its shape: shape (words, 4)."""
        import numpy as np

        return np.array([self._code(text[start:end]) for start, end in spans], dtype=np.int64).reshape(-1, 4)

    def _code(self, word: str) -> tuple[int, int, int, int]:
        """Numbers for a word, its end, its beginning and its shape; the same on every machine."""
        code = self._codes.get(word)
        if code is None:
            folded = word.lower()
            code = (number_of(folded), number_of(folded[-3:]), number_of(folded[:3]), number_of(_shape(word)))
            self._codes[word] = code
        return code


def bucketed(parts: Sequence[Numbers], *, first: int = 0) -> Numbers:
    """The buckets of features, each of its own kind, the kinds numbered from the first: shape (words, features)."""
    import numpy as np

    mixed = [(part * 2_654_435_761 + number * 40_503_777) >> 7 for number, part in enumerate(parts, first)]
    return np.stack(mixed, axis=1) % BUCKETS


def sparse(buckets: Numbers) -> Any:
    """The rows of a linear model: ones in the buckets."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rows, features = buckets.shape
    ones = np.ones(rows * features, dtype=np.float64)
    ends = np.arange(0, rows * features + 1, features)
    return csr_matrix((ones, buckets.ravel(), ends), shape=(rows, BUCKETS))


def number_of(word: str) -> int:
    """A number for a word, the same on every machine."""
    return int(digest(word, length=8), 16)


def _shape(word: str) -> str:
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "0", word)))[:4]
