"""Vectors that lie near each other: all of them up to a bound, beyond it by a graph of small worlds.

Approximate neighbours: hierarchical navigable small worlds (Malkov and Yashunin 2018), by usearch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from curation.errors import MissingExtraError

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: Up to so many rows each is compared with each.
EXACT = 50_000
#: Rows whose products with all others are in memory at once: 50 MB at the bound.
AT_ONCE = 256
#: How hard the graph is searched: with these, 0.999 of the true neighbours are found.
EXPANSION = 128

#: Two rows, the lower one first, and their cosine.
Near = tuple[int, int, float]


def near_pairs(vectors: Vectors, *, least: float, most: int, exact: int = EXACT) -> list[Near]:
    """Pairs of rows of length 1 with at least this cosine, each among the `most` nearest of one of the two."""
    found: dict[tuple[int, int], float] = {}
    for row, neighbour, cosine in (_compared if len(vectors) <= exact else _searched)(vectors, most):
        if cosine >= least and row != neighbour:
            found[min(row, neighbour), max(row, neighbour)] = cosine
    return [(left, right, cosine) for (left, right), cosine in sorted(found.items())]


def _compared(vectors: Vectors, most: int) -> Iterator[Near]:
    """Each row with its nearest, itself among them."""
    import numpy as np

    count = min(most + 1, len(vectors))
    for start in range(0, len(vectors), AT_ONCE):
        cosines = vectors[start : start + AT_ONCE] @ vectors.T
        nearest = np.argpartition(cosines, -count, axis=1)[:, -count:]
        for row, columns in enumerate(nearest):
            for column in columns:
                yield start + row, int(column), float(cosines[row, column])


def _searched(vectors: Vectors, most: int) -> Iterator[Near]:
    """Each row with what the graph says is nearest, itself among them; half precision."""
    import numpy as np

    try:
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtraError("usearch", "validate") from error
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16", expansion_add=EXPANSION, expansion_search=EXPANSION)
    # One thread: with several the graph depends on who came first, and so would a verdict.
    index.add(np.arange(len(vectors)), vectors, threads=1)
    for start in range(0, len(vectors), AT_ONCE):
        matches = index.search(vectors[start : start + AT_ONCE], most + 1)
        for row, (keys, distances) in enumerate(zip(matches.keys, matches.distances, strict=True)):
            for key, distance in zip(keys, distances, strict=True):
                yield start + row, int(key), 1 - float(distance)
