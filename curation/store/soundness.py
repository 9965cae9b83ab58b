"""Whether a SQLite file is what it should be: pages and indexes whole, tables ours, rows that fit and can be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from curation.store.engine import reading
from curation.store.tables import metadata

#: So many faults are named.
NAMED = 3
#: The columns that hold JSON; all others of type text hold words.
IN_JSON = {
    ("records", "meta"),
    ("layers", "content"),
    ("measures", "found"),
    ("decisions", "content"),
    ("jobs", "layer_rows"),
    ("review_tasks", "predictions"),
    ("review_events", "reasons"),
    ("sets", "manifest"),
    ("runs", "manifest"),
    ("deletions", "counts"),
    ("deletions", "tasks_left"),
}


def faults(path: Path, *, table: str) -> list[str]:
    """What is wrong with a SQLite file that should have the table, in words without content; nothing where all is well.

    Reads the whole file, and writes nothing.
    """
    try:
        with closing(reading(path)) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if names and table not in names:
                return ["the tables are not ours"]
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({NAMED})")]
            damaged = [] if found == ["ok"] else [" ".join(line.split()) for line in found]
            lost = connection.execute("PRAGMA foreign_key_check").fetchmany(1)
            unlinked = [f"rows of {row[0]} refer to rows of {row[2]} that are not there" for row in lost]
            return damaged + unlinked or list(_unreadable(connection))
    except sqlite3.DatabaseError as error:
        return [str(error)]


def _unreadable(connection: sqlite3.Connection) -> Iterator[str]:
    """A line for each table with rows whose words are no text, or whose JSON is none: damage within a page."""
    for table in metadata.sorted_tables:
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        columns = [column.name for column in table.columns if isinstance(column.type, sa.Text) and column.name in there]
        if not columns:
            continue
        are_json = [(table.name, column) in IN_JSON for column in columns]
        cells = ", ".join(f'CAST("{column}" AS BLOB)' for column in columns)
        rows = connection.execute(f"SELECT {cells} FROM {table.name}")
        if count := sum(not _is_readable(row, are_json) for row in rows):
            yield f"{count} rows of {table.name} cannot be read"


def _is_readable(row: Sequence[bytes | None], are_json: Sequence[bool]) -> bool:
    try:
        for cell, is_json in zip(row, are_json, strict=True):
            text = None if cell is None else cell.decode()
            if is_json and text is not None:
                json.loads(text)
    except ValueError:
        return False
    return True
