"""A figure with its interval: what is counted in each record adds up, so that records can be drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotation.agreement.settings import AgreementSettings
from curation.record import Frozen
from curation.scoring.bootstrap import Array, Value, bootstrap_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

    seen, record_rows = np.unique(tally.records, return_inverse=True)
    found = Figure(records=len(seen), support=tally.support)
    if problem := _too_few(found, settings, sparse=sparse):
        return found.model_copy(update={"note": problem})
    by_record = np.zeros((len(seen), *tally.counts.shape[1:]))
    np.add.at(by_record, record_rows, tally.counts)
    total = float(value(by_record.sum(axis=0)))
    if np.isnan(total):
        return found.model_copy(update={"note": UNDEFINED})
    interval = bootstrap_interval(by_record, value, resamples=settings.resamples, seed=settings.seed)
    return found.model_copy(update={"value": total, "interval": interval})


def mean(figures: Sequence[Figure]) -> float | None:
    """The mean of the values that are given, such as the macro average over categories."""
    values = [figure.value for figure in figures if figure.value is not None]
    return sum(values) / len(values) if values else None


def _too_few(found: Figure, settings: AgreementSettings, *, sparse: bool) -> str:
    if not found.records:
        return NOTHING
    if found.records < settings.minimum_records:
        return f"withheld: {found.records} records, fewer than {settings.minimum_records}"
    if sparse and found.support < settings.minimum_entities:
        return f"withheld: {found.support} marks, fewer than {settings.minimum_entities}"
    return ""
