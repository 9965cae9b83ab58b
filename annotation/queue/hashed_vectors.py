"""A text as a short vector of its words, for telling which records are unlike which: hashed, no model needed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from curation.error_detection.word_features import words_of
from curation.record import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Texture = NDArray[np.float32]

#: Dimensions of the vectors.
WIDTH = 128

#: Shorter words say little about what a text is about.
SHORTEST = 4


def texture(text: str) -> Texture:
    """A unit vector of the text's words, each counted by its square root (feature hashing: Weinberger et al. 2009)."""
    import numpy as np

    counts: dict[str, int] = {}
    for start, end in words_of(text):
        if end - start >= SHORTEST:
            word = text[start:end].lower()
            counts[word] = counts.get(word, 0) + 1
    found = np.zeros(WIDTH, dtype=np.float32)
    for word, count in counts.items():
        place, sign = _place(word)
        found[place] += sign * count**0.5
    length = float(np.linalg.norm(found))
    return found / np.float32(length) if length else found


@lru_cache(maxsize=200_000)
def _place(word: str) -> tuple[int, float]:
    number = int(digest(word, length=8), 16)
    return number % WIDTH, 1.0 if number & 0x8000_0000 else -1.0
