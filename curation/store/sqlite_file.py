"""The file of a database on SQLite: for its owner alone, and with tables of ours and nothing that acts by itself."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from curation.errors import StoreError


def keep_private(path: Path) -> None:
    """Closes a new database, and what SQLite keeps beside it, to all but its owner."""
    for file in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        if file.is_file():
            file.chmod(0o600)


def check_own_schema(connection: sa.Connection) -> None:
    """Raises StoreError for triggers and views, which are not ours: they would change what is stored and read."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql(
        "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    )
    names = [repr(name)[1:-1] for name in found.scalars()]
    if names:
        raise StoreError(
            f"expected a store with tables of ours, got what changes them by itself: {', '.join(names[:5])}; ask "
            "whoever gave you the workspace, and import its records from their sources"
        )
