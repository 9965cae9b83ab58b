"""The frame: one row for each measured record, one column for each measure, nothing of the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import MissingExtraError
from curation.store import Store
from validation.measures import COLUMNS, LISTS, MEASURES, WORDS, Scope, Whole
from validation.policy import is_ours

#: The index of the frame and the name by which Great Expectations points to a row.
RECORD_ID = "record_id"
#: How a person's verdict counts when one record of a duplicate pair is to be kept.
PREFER = {Verdict.ACCEPTED: 1, Verdict.REJECTED: -1, Verdict.QUARANTINED: -1}


@dataclass(frozen=True, slots=True)
class Measured:
    """The rows in memory, and the lists that explain them."""

    rows: list[dict[str, JsonValue]]
    lists: dict[str, dict[str, JsonValue]]
    place: dict[str, int]

    def __call__(self, record_id: str, column: str) -> JsonValue:
        """What was measured on a record, None where nothing was."""
        if column in LISTS:
            return self.lists.get(record_id, {}).get(column)
        return self.rows[self.place[record_id]].get(column)

    def add(self, record_id: str, columns: Mapping[str, JsonValue]) -> None:
        """Take in what was measured on a record; columns that are not ours are another stage's."""
        row = self.rows[self.place[record_id]]
        for name, value in columns.items():
            if name in LISTS and value:
                self.lists.setdefault(record_id, {})[name] = value
            elif name in row:
                row[name] = value

    @property
    def ids(self) -> list[str]:
        """The measured records, in order."""
        return list(self.place)

    def column(self, name: str) -> list[float]:
        """The numbers of a column, where there are any."""
        values = (row.get(name) for row in self.rows)
        return [float(value) for value in values if isinstance(value, int | float)]


def gather(store: Store, scope: Scope, decided: Mapping[str, Decision]) -> Measured:
    """All that was measured, with what can only be measured on the whole set."""
    measured = Measured([], {}, {})
    for record_id, found in _measures(store):
        measured.place[record_id] = len(measured.rows)
        measured.rows.append({RECORD_ID: record_id, **dict.fromkeys(name for name in COLUMNS if name not in LISTS)})
        measured.add(record_id, found)
    whole = Whole(store, scope, measured.place, _preferences(decided))
    for spec in MEASURES:
        for record_id, columns in spec.over(whole).items() if spec.over else ():
            measured.add(record_id, columns)
    return measured


def _measures(store: Store) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """Records that this folder's stage measured; other stages may have measured other things."""
    needed = next(iter(MEASURES[0].columns))
    return ((record_id, found) for record_id, found in store.measures() if needed in found)


def _preferences(decided: Mapping[str, Decision]) -> dict[str, int]:
    return {
        record_id: PREFER.get(decision.verdict, 0) for record_id, decision in decided.items() if not is_ours(decision)
    }


def as_frame(measured: Measured) -> Any:
    """The pandas frame that Great Expectations sees: words as objects, everything else as 64-bit floats."""
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("pandas", "validate") from error
    names = [RECORD_ID, *(name for name in COLUMNS if name not in LISTS)]
    return pandas.DataFrame(
        {
            name: pandas.Series(
                [row.get(name) for row in measured.rows],
                dtype=object if name in WORDS or name == RECORD_ID else "float64",
            )
            for name in names
        }
    )
