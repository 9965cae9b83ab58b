"""The connection: SQLite in WAL mode or PostgreSQL, reads and writes in short transactions."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa

from curation.address import is_this_machine
from curation.batches import batched
from curation.errors import MissingExtraError, StoreError
from curation.interrupts import Uninterrupted
from curation.outside_errors import why_not_opened
from curation.store.migrations import HEAD, migrate, revision_of
from curation.store.sqlite_file import check_own_schema, keep_private
from curation.store.tables import records

#: Milliseconds that a writer waits for another one before SQLite raises an error.
BUSY_MS = 30_000

#: The option of an engine that only reads.
READ_ONLY = "clincurate_read_only"

#: How many ids go into one IN list: below every backend's limit on bound values.
CHUNK = 500

#: The option of the store's own engines, by which they are told from those that libraries make.
OURS = "clincurate_store"


class Connected:
    """Base of every part of the store: an engine to read from and one to write with."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._snapshot: sa.Connection | None = None
        self._writing = engine.execution_options(clincurate_writes=True)
        #: The server and the database, where that is not on this machine.
        self.remote = remote_database(engine.url)
        #: Whether nothing can be stored, since the file or its folder may not be written to.
        self.read_only = bool(engine.get_execution_options().get(READ_ONLY))

    def read(self) -> Any:
        """A context manager that gives a connection for reading."""
        return self._engine.connect() if self._snapshot is None else nullcontext(self._snapshot)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A connection in a transaction, committed at its end; Ctrl-C and its like wait for that.

        Raises StoreError where nothing can be stored.
        """
        self.require_writable()
        with Uninterrupted(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """The same as it is now: its reads do not see what is written meanwhile, by whomever, also through itself."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            # On both databases, the first row that is read sets the time for all others.
            connection.execute(sa.text("SELECT version_num FROM alembic_version")).all()
            view = copy(self)
            view._snapshot = connection
            yield view

    def lock_records(self, connection: sa.Connection, ids: Iterable[str]) -> set[str]:
        """Those of the records that are there; nobody else adds layers or decisions to them until the transaction ends.

        On SQLite, a transaction that writes keeps all others from writing.
        """
        found: set[str] = set()
        # Always in the same order: two that want the same records never wait for each other.
        for batch in batched(sorted(set(ids)), CHUNK):
            query = sa.select(records.c.id).where(records.c.id.in_(batch)).order_by(records.c.id)
            # NO KEY UPDATE: rows that only refer to the record come in beside it.
            found |= set(connection.execute(query.with_for_update(key_share=True)).scalars())
        return found

    def require_writable(self) -> None:
        """Raises StoreError where nothing can be stored."""
        if self.read_only:
            raise StoreError(
                f"expected a store that may be written to, {self._engine.url.database} or its folder may not: it can "
                "only be read; work in a copy of the workspace, or ask for the right to write"
            )

    def upsert(self, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Insert the rows, or overwrite those of the same primary key."""
        if not rows:
            return
        connection.execute(_upsert(self._engine.dialect.name, table, tuple(rows[0])), rows)

    def json_text(self, column: sa.ColumnElement[str], key: str) -> sa.ColumnElement[str]:
        """The text under a key of the JSON object in a column."""
        if self._engine.dialect.name == "postgresql":
            return sa.type_coerce(sa.cast(column, sa.JSON)[key].as_string(), sa.Text)
        return sa.type_coerce(sa.func.json_extract(column, f"$.{key}"), sa.Text)

    def json_number(self, column: sa.ColumnElement[str], key: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
        """The number under a key, of which the name is itself in a column, of the JSON object in a column."""
        if self._engine.dialect.name == "postgresql":
            return sa.cast(sa.cast(column, sa.JSON).op("->>")(key), sa.BigInteger)
        # Not by a path: names of layers have dots and quotes in them.
        pairs = sa.func.json_each(column).table_valued("key", "value")
        return sa.select(sa.type_coerce(pairs.c.value, sa.BigInteger)).where(pairs.c.key == key).scalar_subquery()

    def json_count(self, column: sa.ColumnElement[str], key: str) -> sa.ColumnElement[int]:
        """How many values the list under a key of the JSON object in a column has; 0 where there is none."""
        if self._engine.dialect.name == "postgresql":
            count = sa.func.json_array_length(sa.cast(column, sa.JSON)[key])
        else:
            count = sa.func.json_array_length(column, f"$.{key}")
        return sa.func.coalesce(sa.type_coerce(count, sa.Integer), 0)

    def listed(self, words: Sequence[str]) -> sa.Select[tuple[str]]:
        """Rows of the words, however many there are: as one parameter."""
        written = sa.literal(json.dumps(words), sa.Text)
        if self._engine.dialect.name == "postgresql":
            every = sa.func.json_array_elements_text(sa.cast(written, sa.JSON)).table_valued("value")
        else:
            every = sa.func.json_each(written).table_valued("value")
        return sa.select(sa.type_coerce(every.c.value, sa.Text))

    def _insert(self, table: sa.Table) -> Any:
        return _insert(self._engine.dialect.name, table)


def _insert(dialect: str, table: sa.Table) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](table)


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: sa.Table, names: Sequence[str]) -> Any:
    """The statement for these columns, kept: to make it takes longer than to run it over a few rows."""
    insert = _insert(dialect, table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: insert.excluded[name] for name in names if name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=rest)


def remote_database(url: sa.URL) -> str | None:
    """The host and the name of a PostgreSQL database that is not on this machine; None for all others.

    As the driver does, the host is taken from the URL's host, its query, or the environment of libpq; a service
    counts as another machine, since its file says where it is.
    """
    if url.get_backend_name() != "postgresql":
        return None
    asked = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    if service := asked.get("service") or os.environ.get("PGSERVICE"):
        return f"the service {service}"
    hosts = [
        url.host or asked.get("host") or os.environ.get("PGHOST") or "/",
        asked.get("hostaddr") or os.environ.get("PGHOSTADDR") or "/",
    ]
    away = [host for named in hosts for host in named.split(",") if host and not is_this_machine(host)]
    return f"{away[0]}/{url.database or ''}" if away else None


def connect(url: str, *, made_with: Callable[[], str | None] = lambda: None) -> sa.Engine:
    """An engine on a migrated database; one that only reads where the SQLite file or its folder may not be written to.

    made_with: called for a database that is empty or not there: what shows that it was not, for the StoreError.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        expected = "sqlite:///records.db or postgresql+psycopg://host/name"
        raise StoreError(f"expected a store URL such as {expected}") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"expected a store on sqlite or postgresql, got {parsed.get_backend_name()}")
    if parsed.get_backend_name() == "sqlite" and not _has_content(parsed):
        _refuse_emptied(parsed, made_with())
    try:
        engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _engine(parsed)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "psycopg", "postgres") from error
    read_only = bool(engine.get_execution_options().get(READ_ONLY))
    is_new = _is_new_file(parsed)
    try:
        with engine.execution_options(clincurate_writes=not read_only).begin() as connection:
            check_own_schema(connection)
            if revision_of(connection) is None:
                _refuse_emptied(parsed, made_with())
            if not read_only:
                migrate(connection)
            elif revision_of(connection) != HEAD:
                raise StoreError(
                    f"expected a store of revision {HEAD} where it may not be written to, found "
                    f"{revision_of(connection) or 'none'}; open a copy that may be written to"
                )
        if is_new:
            keep_private(Path(parsed.database or ""))
    except StoreError:
        engine.dispose()
        raise
    except sa.exc.DBAPIError as error:
        engine.dispose()
        where = parsed.render_as_string(hide_password=True)
        raise StoreError(f"expected a database at {where}, but it did not open: {why_not_opened(error)}") from error
    return engine


def _engine(url: sa.URL, **options: Any) -> sa.Engine:
    # Without this, SQLAlchemy's errors quote the rows: clinical text.
    return sa.create_engine(url, hide_parameters=True, execution_options={OURS: True}, **options)


def _is_new_file(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite" and not Path(url.database or ".").exists()


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database and not Path(url.database).parent.is_dir():
        raise StoreError(f"expected the folder {Path(url.database).parent} for the store; create it first")
    if _may_only_read(path := Path(url.database or "")):
        engine: sa.Engine = _engine(url, creator=lambda: reading(path))
        sa.event.listen(engine, "connect", _prepare_reading)
        engine = engine.execution_options(**{READ_ONLY: True})
    else:
        engine = _engine(url)
        sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _has_content(url: sa.URL) -> bool:
    """Whether a SQLite file holds anything; what is in memory begins empty by nature."""
    path = Path(url.database or ":memory:")
    return path.name == ":memory:" or (path.is_file() and path.stat().st_size > 0)


def _refuse_emptied(url: sa.URL, made_with: str | None) -> None:
    if made_with is not None:
        raise StoreError(
            f"expected the database of this workspace at {url.render_as_string(hide_password=True)}, found it empty or "
            f"gone, although {made_with} was made with it; put it back from a copy, or move the folder runs away to "
            "begin with an empty one"
        )


def _may_only_read(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    places = (path, path.parent)
    return path.is_file() and not all(os.access(place, os.W_OK, effective_ids=effective) for place in places)


def reading(path: Path) -> sqlite3.Connection:
    """A connection to a SQLite file that writes nothing, not even beside it."""
    # Where nothing waits to be written back and nobody has it open, SQLite needs no files of its own beside it.
    log, index = (path.with_name(f"{path.name}-{suffix}") for suffix in ("wal", "shm"))
    is_in_use = log.exists() and (log.stat().st_size > 0 or index.exists())
    mode = "mode=ro" if is_in_use else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?{mode}", uri=True, check_same_thread=False)


def _prepare_reading(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def _prepare_sqlite(connection: Any, _: object) -> None:
    # SQLAlchemy's recipe: the driver starts no transactions by itself, `_begin_sqlite` does.
    connection.isolation_level = None
    # What is deleted or overwritten is written over with zeros, however this SQLite was built.
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (f"busy_timeout={BUSY_MS}", *pragmas):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that will write takes its lock at once: upgrading a read lock later can fail
    # with SQLITE_BUSY however long the time-out is.
    writes = connection.get_execution_options().get("clincurate_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
