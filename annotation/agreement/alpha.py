"""Krippendorff's alpha (1970, 2004) for any number of people, some of whom may be missing: nominal and ordinal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from curation.scoring.bootstrap import Array
from curation.scoring.kappa import agreeing_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def nominal_counts(codes: NDArray[np.int32], labels: int) -> Array:
    """What nominal alpha needs of codings of the same units, shape (raters, units), two raters or more.

    The coincidences of equal labels (Krippendorff's o_cc summed over c), then how often all raters gave each label.
    """
    import numpy as np

    raters = len(codes)
    votes = np.bincount(codes.ravel(), minlength=labels)
    counts: Array = np.concatenate([[2 * agreeing_pairs(codes) / (raters - 1)], votes]).astype(np.float64)
    return counts


def nominal_cells(ratings: NDArray[np.bool_]) -> Array:
    """The same of yes-or-no codings, shape (raters, units, categories), for each category: equal, no, yes."""
    import numpy as np

    raters = len(ratings)
    yes = ratings.sum(axis=0, dtype=np.int64)
    equal = (yes * (yes - 1) + (raters - yes) * (raters - yes - 1)).sum(axis=0) / (raters - 1)
    return np.stack([equal, (raters - yes).sum(axis=0), yes.sum(axis=0)], axis=-1).astype(np.float64)


def nominal(counts: Array) -> Array:
    """Alpha: 1 - observed / expected disagreement; nan where all ratings have the same label."""
    votes = counts[..., 1:]
    ratings = votes.sum(axis=-1)
    expected = ratings**2 - (votes**2).sum(axis=-1)
    return _alpha((ratings - 1) * (ratings - counts[..., 0]), expected)


def coincidences(values: Sequence[int], labels: int) -> Array:
    """The coincidence matrix of one unit's ratings, shape (labels, labels); zeros for fewer than two ratings."""
    import numpy as np

    votes = np.bincount(np.asarray(values, dtype=np.int64), minlength=labels).astype(np.float64)
    if len(values) < 2:
        return np.zeros((labels, labels))
    matrix: Array = (np.outer(votes, votes) - np.diag(votes)) / (len(values) - 1)
    return matrix


def _nominal_distance(votes: Array) -> Array:
    import numpy as np

    return np.broadcast_to(1 - np.eye(votes.shape[-1]), (*votes.shape, votes.shape[-1]))


def _ordinal_distance(votes: Array) -> Array:
    """The squared number of votes from one value to the other, half of those at either end."""
    import numpy as np

    middle = np.cumsum(votes, axis=-1) - votes / 2
    distance: Array = (middle[..., :, None] - middle[..., None, :]) ** 2
    return distance


#: The squared distance of each two values, given the number of ratings of each.
DISTANCES: dict[str, Callable[[Array], Array]] = {"nominal": _nominal_distance, "ordinal": _ordinal_distance}


def alpha_of(level: str) -> Callable[[Array], Array]:
    """Alpha from coincidence matrices in the last two axes, the values being in order where that matters."""
    distance_of = DISTANCES[level]

    def alpha(matrix: Array) -> Array:
        votes = matrix.sum(axis=-1)
        distance = distance_of(votes)
        ratings = votes.sum(axis=-1)
        observed = (matrix * distance).sum(axis=(-2, -1))
        expected = (votes[..., :, None] * votes[..., None, :] * distance).sum(axis=(-2, -1))
        return _alpha((ratings - 1) * observed, expected)

    return alpha


def _alpha(observed: Array, expected: Array) -> Array:
    import numpy as np

    defined = expected > 1e-9
    return np.where(defined, 1 - observed / np.where(defined, expected, 1), np.nan)
