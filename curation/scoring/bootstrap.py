"""Intervals by the percentile bootstrap over records (Efron 1979): records are drawn anew, what was counted adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from threading import Lock, Thread
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
#: So many resamples are drawn at a time, which takes no lock of Python and bounds the memory.
DRAWN = 50
#: Draws that are kept.
CACHED = 2
_drawing = Lock()


def bootstrap_interval(counts: Array, value: Value, *, resamples: int, seed: int) -> tuple[float, float] | None:
    """The middle 95 % of the values over resampled records, of those resamples in which it is defined.

    counts: what was counted in each record, shape (records, ...).
    """
    import numpy as np

    if not len(counts):
        return None
    flat = counts.reshape(len(counts), -1)
    weights = draws(len(counts), resamples, seed)
    # Whole numbers whose sums stay below 2 ** 24 add up in single precision to the same, in half the time.
    single = bool((flat == np.rint(flat)).all()) and len(flat) * np.abs(flat).max(initial=0) < 2**24
    number: Any = np.float32 if single else np.float64
    flat = flat.astype(number)
    values = [
        value((chunk.astype(number) @ flat).astype(np.float64).reshape(len(chunk), *counts.shape[1:]))
        for chunk in np.array_split(weights, max(1, len(weights) // CHUNK))
    ]
    defined = [found[~np.isnan(found)] for found in values]
    if not sum(map(len, defined)):
        return None
    low, high = np.percentile(np.concatenate(defined), [2.5, 97.5])
    return float(low), float(high)


def draw_ahead(records: Iterable[int], resamples: int, seed: int) -> None:
    """Begin with the draws of so many records in a thread, beside which Python goes on; as many as are cached."""
    numbers = list(dict.fromkeys(records))[:CACHED]

    def draw() -> None:
        with suppress(MemoryError):  # whoever needs them is told
            for number in numbers:
                draws(number, resamples, seed)

    Thread(target=draw, daemon=True).start()


def draws(records: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    """How often each record is in each resample, shape (resamples, records); the same for the same numbers.

    Cached, because the figures of one report rest on the same records, and drawing costs more than counting.
    """
    with _drawing:  # nobody draws what another thread is drawing
        return _drawn(records, resamples, seed)


@lru_cache(maxsize=CACHED)
def _drawn(records: int, resamples: int, seed: int) -> NDArray[np.uint16]:
    import numpy as np

    if not resamples:
        return np.zeros((0, records), dtype=np.uint16)
    random = np.random.default_rng(seed)
    share = np.full(records, 1 / records)
    sizes = [len(part) for part in np.array_split(np.arange(resamples), max(1, resamples // DRAWN))]
    return np.concatenate([random.multinomial(records, share, size=size).astype(np.uint16) for size in sizes])
