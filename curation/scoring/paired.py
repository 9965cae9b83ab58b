"""Whether two layers differ by more than chance: each figure of both on the same documents, paired by patient.

The interval of a difference is the percentile bootstrap over groups, the same groups drawn for both sides. The
probability is that of the approximate randomization test (Noreen 1989; Yeh 2000): how often a difference at least as
large comes out when the two sides are swapped at random in each group. Of the rows of one table it is also given
adjusted for their number (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from curation.record import Frozen
from curation.scoring.bert_scorers import TABLES as BERT_TABLES
from curation.scoring.bootstrap import Array, Value, bootstrap_interval
from curation.scoring.concepts import CONCEPTS, LINKING
from curation.scoring.entities import BOUNDARY, MODES, RESAMPLING, TOKEN, Resampling
from curation.scoring.entities import WIDTH as F1_WIDTH
from curation.scoring.entity_confidence import BRIER
from curation.scoring.facts import FACTS, PERSON_TABLE, PRESENCE, VALUES
from curation.scoring.flat import EXACT
from curation.scoring.labels import LABEL, accuracy, label_pairs, macro_f1
from curation.scoring.marks import f1
from curation.scoring.means import ratio
from curation.scoring.relations import LENIENT, ON_GOLD, STRICT
from curation.scoring.rouge import ROUGE
from curation.scoring.tally import TOTAL, DocumentTally

F1_TABLES = (*MODES, BOUNDARY, TOKEN, STRICT, LENIENT, ON_GOLD, CONCEPTS, FACTS, VALUES)
MEAN_TABLES = (*ROUGE, EXACT, *BERT_TABLES.values(), LINKING, BRIER)
#: What is made of the four cells of presence: both, invented, omitted, neither.
RATES = {"invention rate": (1, 3), "omission rate": (2, 0)}
#: Columns of the table of age and gender: right and scored.
PERSON_WIDTH = 6
#: Of a document label, behind its name.
OF_LABELS = ("accuracy", "macro F1")
#: Differences below this are none: sums of fractions come out otherwise in another order.
EQUAL = 1e-12
#: Swaps that are tried at a time, which bounds the memory.
CHUNK = 250


class PairedDifference(Frozen):
    """One figure of two sides; None where a side has nothing to divide by."""

    table: str
    row: str
    a: float | None
    b: float | None
    #: b - a, and its 95 % interval.
    difference: float | None
    interval: tuple[float, float] | None
    #: The probability of such a difference by chance alone; adjusted for the number of rows of its table.
    p: float | None
    p_adjusted: float | None


class Comparison(Frozen):
    """All figures of two sides over the same documents: the total of each table, and its rows."""

    documents: int
    groups: int
    totals: tuple[PairedDifference, ...]
    rows: tuple[PairedDifference, ...]


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """The counts of one figure of both sides by group, the last axis or axes being what the measure counts."""

    table: str
    row: str
    a: Array
    b: Array
    value: Value


class PairedTallies:
    """What was counted on both sides, over the same documents."""

    def __init__(self) -> None:
        self.a, self.b = DocumentTally(), DocumentTally()

    def add(self, group: str, a: Any, b: Any) -> None:
        """Add a document of both sides."""
        self.a.add(group, a)
        self.b.add(group, b)


def compare(tallies: PairedTallies, *, resampling: Resampling = RESAMPLING) -> Comparison:
    """The differences of all figures that either side has."""
    found: dict[str, list[PairedDifference]] = {}
    totals = []
    for counts in figures_of(tallies):
        difference = _difference(counts, resampling)
        if difference.a is None and difference.b is None:
            continue
        if counts.row == TOTAL:
            totals.append(difference)
        else:
            found.setdefault(counts.table, []).append(difference)
    return Comparison(
        documents=tallies.a.documents,
        groups=tallies.a.groups,
        totals=tuple(totals),
        rows=tuple(row for table in found.values() for row in adjusted(table)),
    )


def figures_of(tallies: PairedTallies) -> Iterator[PairedCounts]:
    """The counts of each figure that either side has."""
    for table in F1_TABLES:
        yield from _table(tallies, table, F1_WIDTH, f1)
    for table in MEAN_TABLES:
        yield from _table(tallies, table, 2, ratio)
    for counts in _table(tallies, PRESENCE, 4, ratio):
        for name, (hit, other) in RATES.items():
            a, b = (_share(side, hit, other) for side in (counts.a, counts.b))
            yield PairedCounts(name, counts.row, a, b, ratio)
    yield from _table(tallies, PERSON_TABLE, PERSON_WIDTH, ratio)
    for table in _tables(tallies):
        if table.startswith(LABEL):
            yield from _label(tallies, table)


def figure_names(labels: Iterable[str], asked: Iterable[str] = ()) -> list[str]:
    """The names of all totals that there may be with these document labels; asked: scores that need a model."""
    models = [name for score in asked for name in BERT_TABLES.values() if name.startswith(score)]
    means = [name for name in MEAN_TABLES if name not in BERT_TABLES.values()]
    of_labels = [f"{LABEL}{label} {name}" for label in labels for name in OF_LABELS]
    return [*F1_TABLES, *means, *models, *RATES, *of_labels]


def _tables(tallies: PairedTallies) -> list[str]:
    return list(dict.fromkeys((*tallies.a.tables(), *tallies.b.tables())))


def _rows(tallies: PairedTallies, table: str) -> list[str]:
    return list(dict.fromkeys((*tallies.a.rows(table), *tallies.b.rows(table))))


def _table(tallies: PairedTallies, table: str, width: int, value: Value) -> Iterator[PairedCounts]:
    if table in _tables(tallies):
        for row in (TOTAL, *_rows(tallies, table)):
            a, b = (tally.counts((table, row), width) for tally in (tallies.a, tallies.b))
            if a.any() or b.any():
                yield PairedCounts(table, row, a, b, value)


def _share(cells: Array, hit: int, other: int) -> Array:
    import numpy as np

    return np.stack([cells[:, hit], cells[:, hit] + cells[:, other]], axis=-1)


def _label(tallies: PairedTallies, table: str) -> Iterator[PairedCounts]:
    rows = _rows(tallies, table)
    if not rows:
        return
    pairs = label_pairs(rows)
    a, b = (tally.table([(table, row) for row in rows], 1)[:, :, 0] for tally in (tallies.a, tallies.b))
    for name, value in zip(OF_LABELS, (accuracy, macro_f1), strict=True):
        yield PairedCounts(f"{table} {name}", TOTAL, a, b, partial(value, pairs=pairs))


def _difference(counts: PairedCounts, resampling: Resampling) -> PairedDifference:
    import numpy as np

    both = np.stack([counts.a, counts.b], axis=1)  # groups, sides, what is counted

    def change(sums: Array) -> Array:
        return counts.value(sums[..., 1, :]) - counts.value(sums[..., 0, :])

    a, b = (float(counts.value(side.sum(axis=0))) for side in (counts.a, counts.b))
    known = not (np.isnan(a) or np.isnan(b))
    enough = known and int((both.any(axis=(1, 2))).sum()) >= max(2, resampling.minimum_records)
    return PairedDifference(
        table=counts.table,
        row=counts.row,
        a=None if np.isnan(a) else a,
        b=None if np.isnan(b) else b,
        difference=b - a if known else None,
        interval=bootstrap_interval(both, change, resamples=resampling.resamples, seed=resampling.seed)
        if enough
        else None,
        p=_probability(both, change, b - a, resampling) if enough else None,
        p_adjusted=None,
    )


def _probability(both: Array, change: Value, observed: float, resampling: Resampling) -> float:
    """How often a difference at least as large comes out of sides that are swapped at random; the one seen counts."""
    import numpy as np

    total, swap = both.sum(axis=0), (both[:, ::-1] - both).reshape(len(both), -1)
    as_large = 0
    for swapped in _swaps(len(both), resampling.resamples, resampling.seed):
        sums = total + (swapped.astype(np.float64) @ swap).reshape(len(swapped), *total.shape)
        changes = np.abs(change(sums))
        # A side that a swap leaves without anything cannot be compared: it speaks for chance.
        as_large += int((np.isnan(changes) | (changes >= abs(observed) - EQUAL)).sum())
    return (1 + as_large) / (1 + resampling.resamples)


@lru_cache(maxsize=2)
def _swaps(groups: int, resamples: int, seed: int) -> list[Any]:
    """Which groups are swapped in each resample."""
    import numpy as np

    random = np.random.default_rng([seed, 1])
    sizes = [len(part) for part in np.array_split(np.arange(resamples), max(1, resamples // CHUNK))]
    return [random.integers(0, 2, size=(size, groups), dtype=np.uint8) for size in sizes]


def adjusted(rows: Sequence[PairedDifference]) -> Iterator[PairedDifference]:
    """The rows with Holm's probabilities: the smallest times their number, the next times one less, and so on."""
    tested = sorted((row.p, number) for number, row in enumerate(rows) if row.p is not None)
    holm: dict[int, float] = {}
    least = 0.0
    for rank, (p, number) in enumerate(tested):
        least = max(least, min(1.0, p * (len(tested) - rank)))
        holm[number] = least
    for number, row in enumerate(rows):
        yield row.model_copy(update={"p_adjusted": holm.get(number)})
