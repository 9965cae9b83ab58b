"""What was measured, as a table of the store, for sets that memory should not hold and for SQL of one's own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from curation.store import Store
from validation.frame import NOTHING, NUMBERS, TEXTS, plain
from validation.measures.columns import RECORD_ID
from validation.measures.measure import Columns
from validation.measures.table import LISTS

#: The table, made anew by every validation that looks there, and how the names of several begin.
NAME = "validation_measures"
#: Its column of the lists that explain a row, as JSON.
EXPLAINED = "explained"


class MeasureTable:
    """The rows in the database of the store; one of them at a time is in memory."""

    def __init__(
        self,
        store: Store,
        rows: Iterable[tuple[str, Columns]],
        not_taken: Mapping[str, str] = NOTHING,
        *,
        workspace: Path | None = None,
    ) -> None:
        """workspace: its folder; in a database that is not in it, the table's name is the workspace's own."""
        self.not_taken = not_taken
        self.url = store.url
        self.name = NAME if workspace is None or _is_in(store.url, workspace) else own_name(workspace)
        self._scratch = store.replace_table(
            self.name, key=RECORD_ID, texts=(*TEXTS, EXPLAINED), numbers=NUMBERS, rows=map(_row, rows)
        )
        self._latest: tuple[str, Mapping[str, Any]] = ("", {})

    def __len__(self) -> int:
        return self._scratch.count()

    def __call__(self, record_id: str, column: str) -> JsonValue:
        row = self._row(record_id)
        if column in LISTS:
            lists: Columns = json.loads(row[EXPLAINED] or "{}")
            return lists.get(column)
        value = row[column]
        return plain(value) if isinstance(value, float) else value

    def ids(self) -> Iterator[str]:
        return map(str, self._scratch.column(RECORD_ID))

    def column(self, name: str) -> list[float]:
        return [float(value) for value in self._scratch.column(name) if value is not None]

    def counts(self, name: str) -> Counter[str]:
        return Counter(str(word or "none") for word in self._scratch.column(name))

    def _row(self, record_id: str) -> Mapping[str, Any]:
        # A decision asks for many columns of one record, one after the other.
        if self._latest[0] != record_id:
            self._latest = (record_id, self._scratch.row(record_id))
        return self._latest[1]


def own_name(workspace: Path) -> str:
    """The name of the table in a database that other workspaces may use as well."""
    return f"{NAME}_{hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:8]}"


def _is_in(url: str, workspace: Path) -> bool:
    parsed = sa.make_url(url)
    database = Path(parsed.database or "")
    return parsed.get_backend_name() == "sqlite" and database.resolve().is_relative_to(workspace.resolve())


def _row(measured: tuple[str, Columns]) -> dict[str, Any]:
    record_id, columns = measured
    lists = {name: columns[name] for name in LISTS if columns.get(name)}
    return {
        RECORD_ID: record_id,
        **{name: columns.get(name) for name in (*TEXTS, *NUMBERS)},
        EXPLAINED: json.dumps(lists, ensure_ascii=False) if lists else None,
    }
