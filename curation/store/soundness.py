"""Whether a SQLite file is what it should be: pages and indexes whole, tables ours, rows that fit together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from curation.store.engine import reading

#: So many faults are named.
NAMED = 3


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
            return [*damaged, *(f"rows of {row[0]} refer to rows of {row[2]} that are not there" for row in lost)]
    except sqlite3.DatabaseError as error:
        return [str(error)]
