"""How often the rows of each set are read in an epoch, where several sets train together."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def mixed(
    windows: NDArray[np.int32], owners: Sequence[int], *, temperature: float, random: Random
) -> NDArray[np.int32]:
    """As many windows as there are, each set's share proportional to its windows to the power of 1 / temperature.

    windows: shape (windows, 1 or more), the row's number first; owners: the number of each row's set. With temperature
    1 all windows once. A set that has fewer than its share is read several times, one that has more is drawn from.
    Source: Raffel et al. 2020, temperature-scaled mixing.
    """
    import numpy as np

    if temperature == 1 or not len(windows):
        return windows
    of = np.asarray(owners)[windows[:, 0]]
    places = [np.flatnonzero(of == owner) for owner in np.unique(of)]
    weights = [len(found) ** (1 / temperature) for found in places]
    drawn: list[int] = []
    for found, weight in zip(places, weights, strict=True):
        quota = max(1, round(len(windows) * weight / sum(weights)))
        whole, rest = divmod(quota, len(found))
        drawn += found.tolist() * whole + random.sample(found.tolist(), rest)
    return windows[sorted(drawn)]
