"""Intervals by the percentile bootstrap over records (Efron 1979): records are drawn anew, what was counted adds up."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any

#: From what was counted, the last axis being what the measure counts, to the measure's value; nan where undefined.
Value = Callable[[Array], Array]

#: So many resamples are counted at a time, which bounds the memory.
CHUNK = 100


def bootstrap_interval(counts: Array, value: Value, *, resamples: int, seed: int) -> tuple[float, float] | None:
    """The middle 95 % of the values over resampled records, of those resamples in which it is defined.

    counts: what was counted in each record, shape (records, ...).
    """
    import numpy as np

    if not len(counts):
        return None
    flat = counts.reshape(len(counts), -1)
    weights = draws(len(counts), resamples, seed)
    values = [
        value((chunk.astype(np.float64) @ flat).reshape(len(chunk), *counts.shape[1:]))
        for chunk in np.array_split(weights, max(1, len(weights) // CHUNK))
    ]
    defined = [found[~np.isnan(found)] for found in values]
    if not sum(map(len, defined)):
        return None
    low, high = np.percentile(np.concatenate(defined), [2.5, 97.5])
    return float(low), float(high)


@lru_cache(maxsize=2)
def draws(records: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    """How often each record is in each resample, shape (resamples, records); the same for the same numbers.

    Cached, because the figures of one report rest on the same records, and drawing costs more than counting.
    """
    import numpy as np

    if not resamples:
        return np.zeros((0, records), dtype=np.uint16)
    random = np.random.default_rng(seed)
    share = np.full(records, 1 / records)
    return np.stack([random.multinomial(records, share).astype(np.uint16) for _ in range(resamples)])
