"""A figure with its interval: what is counted in each record adds up, so that records can be drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from annotation.agreement.settings import AgreementSettings
from curation.record import Frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any

#: From what was counted, the last axis being what the measure counts, to the measure's value; nan where undefined.
Value = Callable[[Array], Array]

#: So many resamples are drawn at a time, which bounds the memory.
CHUNK = 100

UNDEFINED = "undefined: nothing to divide by"
NOTHING = "nothing to compare"


class Figure(Frozen):
    """A value with its 95 % interval, what it rests on, and why there is none if there is none."""

    value: float | None = None
    interval: tuple[float, float] | None = None
    #: Records that both, or all, have seen.
    records: int = 0
    #: Marks on both sides (F1, categories) or units (tokens, characters, choices) that it rests on.
    support: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a measure counted: a row for each comparison, and the record that each row is of."""

    counts: Array
    records: NDArray[np.int64]
    support: int


def figure(tally: Tally, value: Value, settings: AgreementSettings, *, sparse: bool = False) -> Figure:
    """The value over all rows, with a percentile bootstrap over records (Efron 1979).

    Withheld when it would rest on fewer records than the settings ask for, or, with ``sparse``, fewer marks.
    """
    import numpy as np

    seen, places = np.unique(tally.records, return_inverse=True)
    found = Figure(records=len(seen), support=tally.support)
    if problem := _too_few(found, settings, sparse=sparse):
        return found.model_copy(update={"note": problem})
    by_record = np.zeros((len(seen), *tally.counts.shape[1:]))
    np.add.at(by_record, places, tally.counts)
    total = float(value(by_record.sum(axis=0)))
    if np.isnan(total):
        return found.model_copy(update={"note": UNDEFINED})
    return found.model_copy(update={"value": total, "interval": interval(by_record, value, settings)})


def interval(by_record: Array, value: Value, settings: AgreementSettings) -> tuple[float, float] | None:
    """The middle 95 % of the values over resampled records, of those resamples in which it is defined."""
    import numpy as np

    flat = by_record.reshape(len(by_record), -1)
    drawn = resamples(len(by_record), settings.resamples, settings.seed)
    values = [
        value((chunk.astype(np.float64) @ flat).reshape(len(chunk), *by_record.shape[1:]))
        for chunk in np.array_split(drawn, max(1, len(drawn) // CHUNK))
    ]
    defined = [each[~np.isnan(each)] for each in values]
    if not sum(map(len, defined)):
        return None
    low, high = np.percentile(np.concatenate(defined), [2.5, 97.5])
    return float(low), float(high)


@lru_cache(maxsize=2)
def resamples(records: int, count: int, seed: int) -> NDArray[np.uint16]:
    """How often each record is in each resample, shape (resamples, records); the same for the same numbers.

    Kept, because the figures of one pair rest on the same records, and drawing costs more than counting.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    share = np.full(records, 1 / records)
    return (
        np.stack([draw.multinomial(records, share).astype(np.uint16) for _ in range(count)])
        if count
        else np.zeros((0, records), dtype=np.uint16)
    )


def mean(figures: Sequence[Figure]) -> float | None:
    """The mean of the values that are given, such as the macro average over categories."""
    values = [one.value for one in figures if one.value is not None]
    return sum(values) / len(values) if values else None


def _too_few(found: Figure, settings: AgreementSettings, *, sparse: bool) -> str:
    if not found.records:
        return NOTHING
    if found.records < settings.minimum_records:
        return f"withheld: {found.records} records, fewer than {settings.minimum_records}"
    if sparse and found.support < settings.minimum_entities:
        return f"withheld: {found.support} marks, fewer than {settings.minimum_entities}"
    return ""
