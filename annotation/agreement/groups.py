"""All annotators of a record: a row for each record of two or more, with the counts that the coefficients need."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from annotation.agreement.alpha import nominal_cells, nominal_counts
from annotation.agreement.estimate import Tally
from annotation.agreement.study import CodedRecord, Study
from annotation.agreement.unitising import unitised_counts
from curation.scoring.bootstrap import Array
from curation.scoring.kappa import fleiss_cells, fleiss_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Groups:
    """The rows, as arrays: shapes are (rows, ...)."""

    categories: tuple[str, ...]
    #: The number of the record in the study, and who has marked it.
    records: NDArray[np.int64]
    people: tuple[tuple[str, ...], ...]
    #: When the last of them did.
    times: tuple[datetime, ...]
    #: As `fleiss_counts`, and by category as `fleiss_cells`.
    fleiss: Array
    fleiss_cells: Array
    #: As `nominal_counts`, and by category as `nominal_cells`.
    nominal: Array
    nominal_cells: Array
    #: By category: observed and expected disagreement of unitising.
    unitised: Array
    #: By category: distinct marks of all people.
    marks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.records)

    def where(self, condition: Callable[[int], bool]) -> Groups:
        """The rows whose numbers fulfil the condition."""
        import numpy as np

        rows = [row for row in range(len(self)) if condition(row)]
        index = np.array(rows, dtype=np.int64)
        return Groups(
            categories=self.categories,
            records=self.records[index],
            people=tuple(self.people[row] for row in rows),
            times=tuple(self.times[row] for row in rows),
            fleiss=self.fleiss[index],
            fleiss_cells=self.fleiss_cells[index],
            nominal=self.nominal[index],
            nominal_cells=self.nominal_cells[index],
            unitised=self.unitised[index],
            marks=self.marks[index],
        )

    def fleiss_tally(self, category: str | None = None) -> Tally:
        """The counts for Fleiss' kappa: of one category, or of the units' labels over all categories."""
        return self._units(self.fleiss, self.fleiss_cells, category)

    def nominal_tally(self, category: str | None = None) -> Tally:
        """The counts for nominal alpha: of one category, or of the units' labels over all categories."""
        return self._units(self.nominal, self.nominal_cells, category)

    def unitised_tally(self, category: str | None = None) -> Tally:
        """The counts for alpha for unitising: of one category, or of all together."""
        if category is None:
            return Tally(self.unitised.sum(axis=1), self.records, int(self.marks.sum()))
        index = self.categories.index(category)
        return Tally(self.unitised[:, index], self.records, int(self.marks[:, index].sum()))

    def _units(self, whole: Array, cells: Array, category: str | None) -> Tally:
        """The support is the number of units, or for a category the number of marks."""
        if category is None:
            return Tally(whole, self.records, int(self.fleiss[:, 1].sum()))
        index = self.categories.index(category)
        return Tally(cells[:, index], self.records, int(self.marks[:, index].sum()))


def group(study: Study, *, without: Collection[str] = ()) -> Groups:
    """The rows of all records that two or more people have marked; ``without`` are people who are not counted."""
    import numpy as np

    categories, labels = study.categories, len(study.labels)
    members = study.labels.members(categories)
    rows = [
        (number, record, people)
        for number, record in enumerate(study.records)
        if len(people := tuple(name for name in record.people if name not in without)) > 1
    ]
    count = len(rows)
    found = Groups(
        categories=tuple(categories),
        records=np.array([number for number, _, _ in rows], dtype=np.int64),
        people=tuple(people for _, _, people in rows),
        times=tuple(max(record.at[name] for name in people) for _, record, people in rows),
        fleiss=np.zeros((count, 2 + labels)),
        fleiss_cells=np.zeros((count, len(categories), 4)),
        nominal=np.zeros((count, 1 + labels)),
        nominal_cells=np.zeros((count, len(categories), 3)),
        unitised=np.zeros((count, len(categories), 2)),
        marks=np.zeros((count, len(categories)), dtype=np.int64),
    )
    for row, (_, record, people) in enumerate(rows):
        codes = np.stack([record.codes[name] for name in people])
        found.fleiss[row] = fleiss_counts(codes, labels)
        found.fleiss_cells[row] = fleiss_cells(members[codes])
        found.nominal[row] = nominal_counts(codes, labels)
        found.nominal_cells[row] = nominal_cells(members[codes])
        found.unitised[row] = np.reshape(
            unitised_counts([record.marks[name] for name in people], record.length, categories), (len(categories), 2)
        )
        found.marks[row] = _marks(record, people, categories)
    return found


def _marks(record: CodedRecord, people: Collection[str], categories: Collection[str]) -> list[int]:
    counts = dict.fromkeys(categories, 0)
    for name in people:
        for (category, _), spans in record.marks[name].items():
            counts[category] += len(spans)
    return list(counts.values())
