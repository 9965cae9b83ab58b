"""Means of what was measured of each pair, such as ROUGE: sums and numbers, as `DocumentTally` adds them up."""

from __future__ import annotations

from collections.abc import Mapping

from curation.scoring.bootstrap import Array, bootstrap_interval
from curation.scoring.entities import Resampling
from curation.scoring.tally import TOTAL, DocumentTally, Key

#: A sum, and over how many.
WIDTH = 2


def means(table: str, measured: Mapping[str, float | None]) -> dict[Key, tuple[float, ...]]:
    """A document's share of a table of means: of each row that was measured, and of the total."""
    defined = {row: value for row, value in measured.items() if value is not None}
    if not defined:
        return {}
    return {
        **{(table, row): (value, 1) for row, value in defined.items()},
        (table, TOTAL): (sum(defined.values()), len(defined)),
    }


def mean_at(tally: DocumentTally, key: Key) -> float | None:
    """A mean; None where nothing was measured."""
    total, number = tally.total(key, WIDTH)
    return total / number if number else None


def mean_interval(counts: Array, records: float, resampling: Resampling) -> tuple[float, float] | None:
    """The interval of a mean from sums and numbers by group; None where it rests on too few."""
    if not records or records < resampling.minimum_records:
        return None
    return bootstrap_interval(counts, ratio, resamples=resampling.resamples, seed=resampling.seed)


def ratio(counts: Array) -> Array:
    """Sum by number, in the last axis; nan where the number is nought."""
    import numpy as np

    number = counts[..., 1]
    return np.where(number > 0, counts[..., 0] / np.where(number > 0, number, 1), np.nan)
