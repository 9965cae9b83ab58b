"""What was measured, one row for each record and one column for each measure, nothing of the text."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import isnan, nan
from typing import Any, Protocol

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import MissingExtraError
from curation.store import Store
from validation.measures import COLUMNS, LISTS, MEASURES, WORDS, Scope, Whole
from validation.measures.measure import Columns
from validation.stage import Measure

#: The index of the frame and the name by which Great Expectations points to a row.
RECORD_ID = "record_id"
#: The columns that expectations see: numbers, and words.
TEXTS: tuple[str, ...] = tuple(name for name in COLUMNS if name in WORDS)
NUMBERS: tuple[str, ...] = tuple(name for name in COLUMNS if name not in WORDS | LISTS)
#: How a person's verdict counts when one record of a duplicate pair is to be kept.
PREFER = {Verdict.ACCEPTED: 1, Verdict.REJECTED: -1, Verdict.QUARANTINED: -1}


class Measured(Protocol):
    """All that was measured on a set of records."""

    def __len__(self) -> int:
        """How many records were measured."""

    def __call__(self, record_id: str, column: str) -> JsonValue:
        """What was measured on a record, None where nothing was."""

    def ids(self) -> Iterator[str]:
        """The measured records, in order."""

    def column(self, name: str) -> list[float]:
        """The numbers of a column, where there are any."""

    def counts(self, name: str) -> Counter[str]:
        """How often each word of a column occurs; "none" where there is none."""


def rows(store: Store, scope: Scope, others: Mapping[str, Decision]) -> Iterator[tuple[str, Columns]]:
    """Each measured record's id and columns, streamed, with what can only be measured on the whole set.

    others: the decisions that are not this policy's; of two records that say the same, one that a person
    accepted is kept before others, and one that she turned away after them.
    """
    measured = frozenset(store.measured_ids(Measure.name))
    prefer = {record_id: PREFER.get(decision.verdict, 0) for record_id, decision in others.items()}
    found = _over(Whole(store, scope, measured, prefer))
    for record_id, columns in store.measures(stage=Measure.name):
        yield record_id, {**dict.fromkeys(COLUMNS), **_known(columns), **found.get(record_id, {})}


def _over(whole: Whole) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for spec in MEASURES:
        for record_id, columns in spec.over(whole).items() if spec.over else ():
            found.setdefault(record_id, {}).update(columns)
    return found


def _known(columns: Mapping[str, JsonValue]) -> Columns:
    """Without what an older version measured and this one does not."""
    return {name: value for name, value in columns.items() if name in COLUMNS}


class Frame:
    """The rows in memory, eight bytes a number, with the lists that explain them."""

    def __init__(self, rows: Iterable[tuple[str, Columns]]) -> None:
        self._place: dict[str, int] = {}
        self._numbers = {name: array("d") for name in NUMBERS}
        self._texts: dict[str, list[JsonValue]] = {name: [] for name in TEXTS}
        self._lists: dict[str, Columns] = {}
        for record_id, columns in rows:
            self._place[record_id] = len(self._place)
            for name, numbers in self._numbers.items():
                numbers.append(as_number(columns[name]))
            for name, texts in self._texts.items():
                texts.append(columns[name])
            if said := {name: columns[name] for name in LISTS if columns[name]}:
                self._lists[record_id] = said

    def __len__(self) -> int:
        return len(self._place)

    def __call__(self, record_id: str, column: str) -> JsonValue:
        if column in LISTS:
            return self._lists.get(record_id, {}).get(column)
        place = self._place[record_id]
        return plain(self._numbers[column][place]) if column in self._numbers else self._texts[column][place]

    def ids(self) -> Iterator[str]:
        return iter(self._place)

    def column(self, name: str) -> list[float]:
        return [number for number in self._numbers[name] if not isnan(number)]

    def counts(self, name: str) -> Counter[str]:
        return Counter(str(word or "none") for word in self._texts[name])

    def as_pandas(self) -> Any:
        """The frame that Great Expectations sees: words as objects, everything else as 64-bit floats."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "validate") from error
        import numpy as np

        columns: dict[str, Any] = {RECORD_ID: pandas.Series(list(self._place), dtype=object)}
        for name in COLUMNS:
            if name in self._numbers:
                columns[name] = np.frombuffer(self._numbers[name], dtype=np.float64)
            elif name in self._texts:
                columns[name] = pandas.Series(self._texts[name], dtype=object)
        return pandas.DataFrame(columns)


def as_number(value: JsonValue) -> float:
    """The value of a column of numbers, not a number where there is none."""
    return float(value) if isinstance(value, int | float) else nan


def plain(number: float) -> JsonValue:
    """The number as people write it: whole ones without a point, none for what is not a number."""
    if isnan(number):
        return None
    return int(number) if number.is_integer() else number
