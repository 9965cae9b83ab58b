"""Numbered migrations of the store, never edited once released.

To change a table: write `versions/NNNN_what.py`, change `tables.py`, raise HEAD.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from curation.errors import StoreError
from curation.store.one_at_a_time import StoreTurn, wait_for_turn

#: The revision that this version of the code reads and writes.
HEAD = "0008"

#: Alembic keeps the connection that it works on in its module: two threads would take each other's.
_ONE_AT_A_TIME = Lock()


def migrate(connection: sa.Connection) -> None:
    """Bring the database to HEAD; a database from a newer version is refused."""
    if revision_of(connection) == HEAD:
        return
    # Several processes may open a new store at once: the first one makes it, the others find it made.
    wait_for_turn(connection, StoreTurn.MIGRATION)
    if revision_of(connection) != HEAD:
        _upgrade(connection)


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        with _ONE_AT_A_TIME:
            command.upgrade(config, HEAD)
    except CommandError as error:
        raise StoreError(
            f"expected a store of revision {HEAD} or older, found {revision_of(connection)}: "
            "it was written by a newer version; update clincurate"
        ) from error


def revision_of(connection: sa.Connection) -> str | None:
    """The revision of the database; None of an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found
