"""Pairs of annotators: a row for each record and pair, with the counts that the coefficients need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING

from annotation.agreement.estimate import Tally
from annotation.agreement.study import CodedRecord, Study
from curation.scoring.bootstrap import Array
from curation.scoring.kappa import cell_counts, cohen_counts
from curation.scoring.marks import MODES, count_marks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[str, str]

#: The pairs that are compared on a record.
Pairing = Callable[[CodedRecord], Iterable[Pair]]


def among_people(record: CodedRecord) -> Iterator[Pair]:
    """Every two people who have marked the record."""
    return combinations(record.people, 2)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The rows, as arrays: shapes are (rows, ...)."""

    categories: tuple[str, ...]
    #: The number of the record in the study, and who is compared.
    records: NDArray[np.int64]
    pairs: tuple[Pair, ...]
    #: When the first, and when the second of the pair annotated the record.
    times: tuple[tuple[datetime, datetime], ...]
    #: By category and mode: matched marks, marks of the first, marks of the second.
    marks: Array
    #: As `cohen_counts`: units agreed on, labels of the first, labels of the second.
    units: Array
    #: By category: units marked by both, by the first only, by the second only, by neither.
    cells: Array

    def __len__(self) -> int:
        return len(self.records)

    def where(self, condition: Callable[[int], bool]) -> Comparisons:
        """The rows whose numbers fulfil the condition."""
        import numpy as np

        rows = [row for row in range(len(self)) if condition(row)]
        index = np.array(rows, dtype=np.int64)
        return Comparisons(
            categories=self.categories,
            records=self.records[index],
            pairs=tuple(self.pairs[row] for row in rows),
            times=tuple(self.times[row] for row in rows),
            marks=self.marks[index],
            units=self.units[index],
            cells=self.cells[index],
        )

    def of_pair(self, pair: Pair) -> Comparisons:
        """The rows of two, in whichever order they are named."""
        return self.where(lambda row: set(self.pairs[row]) == set(pair)).seen_from(pair[0])

    def of_person(self, person: str) -> Comparisons:
        """The rows that a person has part in, the person being the first."""
        return self.where(lambda row: person in self.pairs[row]).seen_from(person)

    def seen_from(self, person: str) -> Comparisons:
        """The same rows with the person as the first of each pair."""
        import numpy as np

        turned = np.array([pair[0] != person for pair in self.pairs], dtype=bool)
        marks, units, cells = self.marks.copy(), self.units.copy(), self.cells.copy()
        labels = (units.shape[1] - 1) // 2
        marks[turned] = marks[turned][..., [0, 2, 1]]
        units[turned] = _swapped(units[turned], labels)
        cells[turned] = cells[turned][..., [0, 2, 1, 3]]
        return Comparisons(
            categories=self.categories,
            records=self.records,
            pairs=tuple(pair[::-1] if turn else pair for pair, turn in zip(self.pairs, turned, strict=True)),
            times=tuple(time[::-1] if turn else time for time, turn in zip(self.times, turned, strict=True)),
            marks=marks,
            units=units,
            cells=cells,
        )

    def mark_tally(self, mode: str, category: str | None = None) -> Tally:
        """Matched marks and marks of either side; of one category, or of all together (micro)."""
        counts = self.marks[:, :, MODES.index(mode)]
        chosen = counts.sum(axis=1) if category is None else counts[:, self.categories.index(category)]
        return Tally(chosen, self.records, int(chosen[:, 1:].sum()))

    def unit_tally(self) -> Tally:
        """Agreement of the units' labels, all categories together."""
        labels = (self.units.shape[1] - 1) // 2
        return Tally(self.units, self.records, int(self.units[:, 1 : 1 + labels].sum()))

    def cell_tally(self, category: str) -> Tally:
        """Agreement of the units on one category; what it rests on are the marks of either side."""
        index = self.categories.index(category)
        return Tally(self.cells[:, index], self.records, self.mark_tally("strict", category).support)


def compare(study: Study, pairing: Pairing = among_people) -> Comparisons:
    """The rows of all pairs on all records of the study."""
    import numpy as np

    categories, labels = study.categories, len(study.labels)
    members = study.labels.members(categories)
    rows = [(number, record, pair) for number, record in enumerate(study.records) for pair in pairing(record)]
    marks = np.zeros((len(rows), len(categories), len(MODES), 3))
    units = np.zeros((len(rows), 1 + 2 * labels))
    cells = np.zeros((len(rows), len(categories), 4))
    for row, (_, record, (first, second)) in enumerate(rows):
        marks[row] = np.reshape(count_marks(record.marks[first], record.marks[second], categories), marks.shape[1:])
        left, right = record.codes[first], record.codes[second]
        units[row] = cohen_counts(left, right, labels)
        cells[row] = cell_counts(members[left], members[right])
    return Comparisons(
        categories=tuple(categories),
        records=np.array([number for number, _, _ in rows], dtype=np.int64),
        pairs=tuple(pair for _, _, pair in rows),
        times=tuple((record.at[first], record.at[second]) for _, record, (first, second) in rows),
        marks=marks,
        units=units,
        cells=cells,
    )


def _swapped(units: Array, labels: int) -> Array:
    import numpy as np

    return np.concatenate([units[:, :1], units[:, 1 + labels :], units[:, 1 : 1 + labels]], axis=1)
