"""Long texts as overlapping windows, and the scores of the windows as one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from curation.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.tagging.words import Pieces


def windows(length: int, *, size: int, stride: int) -> list[tuple[int, int]]:
    """Ranges of at most ``size`` that cover a length and share at least ``stride`` with their neighbours.

    The last one is moved back until it is full, so that the end of a text is read with as much
    context as the rest of it.
    """
    if not 0 <= stride < size:
        raise UsageError(f"expected a stride from 0 to below the window's {size} pieces, got {stride}")
    if length <= size:
        return [(0, length)] if length else []
    starts = [*range(0, length - size, size - stride), length - size]
    return [(start, start + size) for start in starts]


def merged(
    length: int, ranges: Sequence[tuple[int, int]], scores: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """The mean of the windows' scores for each piece, shape (length, labels).

    Each window counts by the distance to its nearer border: what stands at the border of one
    window stands further inside its neighbour, which has read what surrounds it.
    """
    import numpy as np

    total = np.zeros((length, scores[0].shape[1]), dtype=np.float32)
    weight = np.zeros((length, 1), dtype=np.float32)
    for (start, end), score in zip(ranges, scores, strict=True):
        size = end - start
        near = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1)).astype(np.float32)[:, None]
        total[start:end] += near * score
        weight[start:end] += near
    mean: NDArray[np.float32] = total / weight
    return mean


def by_word(pieces: Pieces, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities of each word: the normalised mean of its pieces', shape (words, labels)."""
    import numpy as np

    total = np.zeros((len(pieces.words), scores.shape[1]), dtype=np.float32)
    np.add.at(total, pieces.word_of, scores)
    mean = total / np.bincount(pieces.word_of, minlength=len(pieces.words))[:, None]
    normalised: NDArray[np.float32] = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    return normalised
