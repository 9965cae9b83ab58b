"""What was measured, one row for each record and one column for each measure, nothing of the text."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from math import isnan, nan
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import MissingExtraError
from curation.store import Store
from validation.measures.columns import RECORD_ID
from validation.measures.measure import Columns, MeasureSpec, Scope, Whole
from validation.measures.table import COLUMNS, LISTS, MEASURES, WORDS
from validation.stage import Measure

#: The columns that expectations see: numbers, and words.
TEXTS: tuple[str, ...] = tuple(name for name in COLUMNS if name in WORDS)
NUMBERS: tuple[str, ...] = tuple(name for name in COLUMNS if name not in WORDS | LISTS)
#: Where every column could be taken.
NOTHING: Mapping[str, str] = MappingProxyType({})
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

    @property
    def not_taken(self) -> Mapping[str, str]:
        """Why a column could be measured on no record, by column."""


def whole_of(store: Store, scope: Scope, foreign: Mapping[str, Decision], looked_at: Container[str]) -> Whole:
    """All measured records of a store.

    foreign: the decisions that are not this policy's; of two records that say the same, one that a person
    accepted is preferred, and one that a person rejected comes last. looked_at: the columns that an
    expectation looks at.
    """
    measured = frozenset(store.measured_ids(Measure.name))
    prefer = {record_id: PREFER.get(decision.verdict, 0) for record_id, decision in foreign.items()}
    return Whole(store, scope, measured, prefer, looked_at)


#: The rows, by record id, of a measure over the whole set.
RowsOver = Callable[[MeasureSpec, Whole], Mapping[str, Columns]]


def rows(whole: Whole, rows_over: RowsOver = MeasureSpec.rows_over) -> Iterator[tuple[str, Columns]]:
    """Each measured record's id and the columns that have a value, streamed, with what is looked at and takes the
    whole set to measure.
    """
    found = _over(whole, rows_over)
    for record_id, columns in whole.store.measures(stage=Measure.name):
        yield record_id, {**_measured_now(columns), **found.get(record_id, {})}


def not_taken(whole: Whole) -> dict[str, str]:
    """Why a column that is looked at can be measured on no record, by column."""
    reasons: dict[str, str] = {}
    for spec in MEASURES:
        columns = [column for column in spec.columns if column in whole.looked_at]
        reason = spec.why_not(whole) if columns else ""
        reasons |= {column: reason or (column.lacks(whole) if column.lacks else "") for column in columns}
    return {column: reason for column, reason in reasons.items() if reason}


def _over(whole: Whole, rows_over: RowsOver) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for spec in MEASURES:
        if any(column in whole.looked_at for column in spec.columns):
            for record_id, columns in rows_over(spec, whole).items():
                found.setdefault(record_id, {}).update(columns)
    return found


def _measured_now(columns: Mapping[str, JsonValue]) -> Columns:
    """Without what an older version measured and this one does not."""
    return {name: value for name, value in columns.items() if name in COLUMNS}


class Frame:
    """The rows in memory, eight bytes a number, with the lists that explain them."""

    def __init__(self, rows: Iterable[tuple[str, Columns]], not_taken: Mapping[str, str] = NOTHING) -> None:
        self.not_taken = not_taken
        self._index: dict[str, int] = {}
        self._numbers = {name: array("d") for name in NUMBERS}
        self._texts: dict[str, list[JsonValue]] = {name: [] for name in TEXTS}
        self._lists: dict[str, Columns] = {}
        for record_id, columns in rows:
            self._index[record_id] = len(self._index)
            for numbers in self._numbers.values():
                numbers.append(nan)
            for texts in self._texts.values():
                texts.append(None)
            for name, value in columns.items():
                # Of some hundred columns few have a value.
                if name in self._numbers:
                    self._numbers[name][-1] = as_number(value)
                elif name in self._texts:
                    self._texts[name][-1] = value
                elif value:
                    self._lists.setdefault(record_id, {})[name] = value

    def __len__(self) -> int:
        return len(self._index)

    def __call__(self, record_id: str, column: str) -> JsonValue:
        if column in LISTS:
            return self._lists.get(record_id, {}).get(column)
        index = self._index[record_id]
        return plain(self._numbers[column][index]) if column in self._numbers else self._texts[column][index]

    def ids(self) -> Iterator[str]:
        return iter(self._index)

    def column(self, name: str) -> list[float]:
        return [number for number in self._numbers[name] if not isnan(number)]

    def counts(self, name: str) -> Counter[str]:
        return Counter(str(word or "none") for word in self._texts[name])

    def as_pandas(self) -> Any:
        """The frame that Great Expectations reads: words as objects, everything else as 64-bit floats."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("pandas", "validate") from error
        import numpy as np

        columns: dict[str, Any] = {RECORD_ID: pandas.Series(list(self._index), dtype=object)}
        for name in map(str, COLUMNS):
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
