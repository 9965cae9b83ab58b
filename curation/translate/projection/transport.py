"""Which parts of a sentence mean which of its translation: a plan by which the letters of one move onto the other's.

Entropic optimal transport (Cuturi 2013): all letters have to go somewhere, so that what nothing is known of ends where
its neighbours leave room; one compound takes up the letters of several words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: The smaller, the more one-sided the plan; rounds after which it no longer changes in practice.
TEMPERATURE, ROUNDS = 0.15, 60


def transport(gains: Matrix, rows: Matrix, columns: Matrix) -> Matrix:
    """How much of each row's mass moves onto each column, shape (rows, columns), sum 1.

    gains: how well each row fits each column. rows, columns: masses, whose sums may differ.
    """
    rows, columns = rows / rows.sum(), columns / columns.sum()
    kernel = np.exp((gains - gains.max()) / TEMPERATURE) + 1e-300
    left, right = np.ones(len(rows)), np.ones(len(columns))
    for _ in range(ROUNDS):
        left = rows / (kernel @ right)
        right = columns / (kernel.T @ left)
    plan: Matrix = left[:, None] * kernel * right[None, :]
    return plan
