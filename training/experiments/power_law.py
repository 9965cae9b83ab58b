"""How an error falls with the number of records: a power law, error(n) = a * n ** -b + c (Hestness et al. 2017).

Least squares: for each b the best a and c are those of a line with neither below nought, and the best b is looked for
among many. Fits of many resamples are made at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.scoring.bootstrap import Array

#: Exponents that are tried, and how often the search is narrowed around the best one.
STEEPEST, FLATTEST, TRIED, NARROWED = 4.0, 0.01, 60, 4
#: Sizes that are needed for a line on logarithmic paper, and for a floor besides.
LEAST, FOR_A_FLOOR = 3, 4
#: Beyond so many times the largest size nothing is told.
FARTHEST = 100
#: A fall of the error below this is none.
NO_FALL = 1e-6


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error(n) = a * n ** -b + c, and the root of the mean squared distance of the points."""

    a: float
    b: float
    c: float
    distance: float = 0.0

    def error(self, size: float) -> float:
        """The error at a size."""
        return float(self.a * size**-self.b + self.c)

    @property
    def falls(self) -> bool:
        """Whether more records make the error smaller at all."""
        return self.a > NO_FALL

    def size_for(self, score: float) -> float | None:
        """The number of records at which 1 - error is this score; None where it never is."""
        room = 1 - score - self.c
        if not self.falls or room <= 0:
            return None
        # The logarithm first: the number itself may be beyond all bounds.
        exponent = math.log(self.a / room) / self.b
        return math.exp(exponent) if exponent < 300 else None


def fit_power_law(sizes: Sequence[float], errors: Sequence[float]) -> PowerLaw | None:
    """The best power law through the points; with fewer than FOR_A_FLOOR different sizes c is 0; None below LEAST."""
    import numpy as np

    fits = fit_many(np.asarray(sizes, dtype=np.float64), np.asarray([errors], dtype=np.float64))
    return fits[0] if fits else None


def fit_many(sizes: Array, errors: Array) -> list[PowerLaw]:
    """The fits of each row of errors, shape (rows, sizes); none where there are too few different sizes."""
    import numpy as np

    different = len(set(sizes.tolist()))
    if different < LEAST or not len(errors):
        return []
    floor = different >= FOR_A_FLOOR
    middle = float(np.exp(np.log(sizes).mean()))  # scaled, so that a is the error's fall at a middling size
    grid = np.geomspace(FLATTEST, STEEPEST, TRIED)
    best = np.tile(grid, (len(errors), 1))
    rows, step = np.arange(len(errors)), float(np.log(grid[1] / grid[0]))
    for _ in range(NARROWED):
        a, c, squares = _lines(best, sizes / middle, errors, floor=floor)
        at = squares.argmin(axis=1)
        chosen = best[rows, at]
        found = a[rows, at], chosen, c[rows, at], squares[rows, at]
        best = np.clip(chosen[:, None] * np.exp(np.linspace(-step, step, TRIED)), FLATTEST, STEEPEST)
        step *= 2 / (TRIED - 1)
    return [
        PowerLaw(float(a * middle**b), float(b), float(c), float(np.sqrt(squares / len(sizes))))
        for a, b, c, squares in zip(*found, strict=True)
    ]


def _lines(exponents: Array, sizes: Array, errors: Array, *, floor: bool) -> tuple[Array, Array, Array]:
    """For each exponent of each row the best a and c, neither below nought, and the sum of squares."""
    import numpy as np

    x = sizes[None, None, :] ** -exponents[:, :, None]  # rows, exponents, sizes
    y = errors[:, None, :]
    mean_x, mean_y = x.mean(axis=-1), y.mean(axis=-1)
    spread = ((x - mean_x[..., None]) ** 2).sum(axis=-1)
    through_nought = (x * y).sum(axis=-1) / (x**2).sum(axis=-1)
    slope = ((x - mean_x[..., None]) * (y - mean_y[..., None])).sum(axis=-1) / np.where(spread > 0, spread, np.inf)
    level = mean_y - slope * mean_x
    if not floor:
        slope, level = np.maximum(through_nought, 0), np.zeros_like(slope)
    else:
        slope, level = (
            np.where(level < 0, np.maximum(through_nought, 0), np.maximum(slope, 0)),
            np.where(level < 0, 0, np.where(slope < 0, mean_y, level)),
        )
    squares = ((slope[..., None] * x + level[..., None] - y) ** 2).sum(axis=-1)
    return slope, level, squares
