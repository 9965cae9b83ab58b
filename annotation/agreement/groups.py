"""Everybody on one record: a row for each record that two or more have marked, with all that can be counted of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from annotation.agreement.alpha import nominal_cells, nominal_counts
from annotation.agreement.estimate import Tally
from annotation.agreement.study import Seen, Study
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
    #: By category: distinct marks of everybody.
    marks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.records)

    def where(self, wanted: Callable[[int], bool]) -> Groups:
        """The rows whose numbers are wanted."""
        import numpy as np

        rows = [row for row in range(len(self)) if wanted(row)]
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
        """What Fleiss' kappa needs: of one category, or of the units' labels, all categories in one."""
        return self._units(self.fleiss, self.fleiss_cells, category)

    def nominal_tally(self, category: str | None = None) -> Tally:
        """What nominal alpha needs: of one category, or of the units' labels, all categories in one."""
        return self._units(self.nominal, self.nominal_cells, category)

    def unitised_tally(self, category: str | None = None) -> Tally:
        """What alpha for unitising needs: of one category, or of all together."""
        if category is None:
            return Tally(self.unitised.sum(axis=1), self.records, int(self.marks.sum()))
        place = self.categories.index(category)
        return Tally(self.unitised[:, place], self.records, int(self.marks[:, place].sum()))

    def _units(self, whole: Array, cells: Array, category: str | None) -> Tally:
        """What rests on units gives their number; a category, the marks of everybody."""
        if category is None:
            return Tally(whole, self.records, int(self.fleiss[:, 1].sum()))
        place = self.categories.index(category)
        return Tally(cells[:, place], self.records, int(self.marks[:, place].sum()))


def group(study: Study, *, without: Collection[str] = ()) -> Groups:
    """The rows of all records that two or more people have marked; those who are left out count as if they had not."""
    import numpy as np

    categories, labels = study.categories, len(study.labels)
    members = study.labels.members(categories)
    rows = [
        (number, seen, people)
        for number, seen in enumerate(study.seen)
        if len(people := tuple(name for name in seen.people if name not in without)) > 1
    ]
    many = len(rows)
    found = Groups(
        categories=tuple(categories),
        records=np.array([number for number, _, _ in rows], dtype=np.int64),
        people=tuple(people for _, _, people in rows),
        times=tuple(max(seen.at[name] for name in people) for _, seen, people in rows),
        fleiss=np.zeros((many, 2 + labels)),
        fleiss_cells=np.zeros((many, len(categories), 4)),
        nominal=np.zeros((many, 1 + labels)),
        nominal_cells=np.zeros((many, len(categories), 3)),
        unitised=np.zeros((many, len(categories), 2)),
        marks=np.zeros((many, len(categories)), dtype=np.int64),
    )
    for row, (_, seen, people) in enumerate(rows):
        codes = np.stack([seen.codes[name] for name in people])
        found.fleiss[row] = fleiss_counts(codes, labels)
        found.fleiss_cells[row] = fleiss_cells(members[codes])
        found.nominal[row] = nominal_counts(codes, labels)
        found.nominal_cells[row] = nominal_cells(members[codes])
        found.unitised[row] = np.reshape(
            unitised_counts([seen.marks[name] for name in people], seen.length, categories), (len(categories), 2)
        )
        found.marks[row] = _marks(seen, people, categories)
    return found


def _marks(seen: Seen, people: Collection[str], categories: Collection[str]) -> list[int]:
    said = dict.fromkeys(categories, 0)
    for name in people:
        for (category, _), places in seen.marks[name].items():
            said[category] += len(places)
    return list(said.values())
