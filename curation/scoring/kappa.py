"""Agreement on units beyond chance: Cohen's kappa for two (1960), Fleiss' kappa for many (1971)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from curation.scoring.bootstrap import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def cohen_counts(left: NDArray[np.int32], right: NDArray[np.int32], labels: int) -> Array:
    """What Cohen's kappa needs of two codings of the same units: agreements, then how often each label by either."""
    import numpy as np

    agreed = np.array([np.count_nonzero(left == right)])
    sides = [np.bincount(side, minlength=labels) for side in (left, right)]
    counts: Array = np.concatenate([agreed, *sides]).astype(np.float64)
    return counts


def cohen(counts: Array) -> Array:
    """Cohen's kappa: (observed - expected) / (1 - expected), expected from how often either side uses each label."""
    labels = (counts.shape[-1] - 1) // 2
    first, second = counts[..., 1 : 1 + labels], counts[..., 1 + labels :]
    units = first.sum(axis=-1)
    observed = _share(counts[..., 0], units)
    return beyond_chance(observed, _share((first * second).sum(axis=-1), units**2))


def cell_counts(left: NDArray[np.bool_], right: NDArray[np.bool_]) -> Array:
    """For each column of two yes-or-no codings: both, only the left, only the right, neither."""
    import numpy as np

    both, first, second = (left & right).sum(axis=0), left.sum(axis=0), right.sum(axis=0)
    neither = len(left) - first - second + both
    return np.stack([both, first - both, second - both, neither], axis=-1).astype(np.float64)


def cohen_of_cells(cells: Array) -> Array:
    """Cohen's kappa of yes-or-no codings from their four cells, in the last axis."""
    both, only_left, only_right, neither = (cells[..., cell] for cell in range(4))
    units = cells.sum(axis=-1)
    by_chance = (both + only_left) * (both + only_right) + (neither + only_left) * (neither + only_right)
    return beyond_chance(_share(both + neither, units), _share(by_chance, units**2))


def fleiss_counts(codes: NDArray[np.int32], labels: int) -> Array:
    """What Fleiss' kappa needs of codings of the same units, shape (raters, units), two raters or more.

    The sum over units of the share of agreeing pairs of raters, the units, and how often each label is given,
    each rater weighted so that a unit seen by more raters weighs no more.
    """
    import numpy as np

    raters, units = codes.shape
    votes = np.bincount(codes.ravel(), minlength=labels)
    pairs = raters * (raters - 1) / 2
    counts: Array = np.concatenate([[agreeing_pairs(codes) / pairs, units], votes / raters]).astype(np.float64)
    return counts


def fleiss_cells(codings: NDArray[np.bool_]) -> Array:
    """The same of yes-or-no codings, shape (raters, units, categories): a row for each category."""
    import numpy as np

    raters, units, _ = codings.shape
    yes = codings.sum(axis=0, dtype=np.int64)
    agreeing = (yes * (yes - 1) + (raters - yes) * (raters - yes - 1)).sum(axis=0) / (raters * (raters - 1))
    votes = yes.sum(axis=0) / raters
    return np.stack([agreeing, np.full(len(votes), units), units - votes, votes], axis=-1).astype(np.float64)


def agreeing_pairs(codes: NDArray[np.int32]) -> int:
    """How many pairs of raters, over all units, give a unit the same label; shape (raters, units)."""
    import numpy as np

    return sum(int(np.count_nonzero(left == right)) for left, right in combinations(codes, 2))


def fleiss(counts: Array) -> Array:
    """Fleiss' kappa: expected agreement from how often each label is used."""
    units = counts[..., 1]
    shares = counts[..., 2:] / _some(units)[..., None]
    return beyond_chance(_share(counts[..., 0], units), (shares**2).sum(axis=-1))


def beyond_chance(observed: Array, expected: Array) -> Array:
    """(observed - expected) / (1 - expected); nan where chance alone would always agree, as with one label only."""
    import numpy as np

    room = 1 - expected
    defined = room > 1e-12
    return np.where(defined, (observed - expected) / np.where(defined, room, 1), np.nan)


def _share(part: Array, whole: Array) -> Array:
    import numpy as np

    return np.where(whole > 0, part / _some(whole), np.nan)


def _some(whole: Array) -> Array:
    """The divisor, 1 in place of 0: what is divided by it is not used."""
    import numpy as np

    return np.where(whole > 0, whole, 1)
