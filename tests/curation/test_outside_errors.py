"""One line about the disk, the database or the system, and never a word of a record."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
import sqlalchemy as sa

from curation.outside_errors import GO_ON, line_of
from curation.record import Layer
from curation.store import Store

SECRET = "Frau Zedernholz, geb. 1950"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x.json"), "/data/x.json: the disk is full; make room"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full; make room"),
        (OSError(errno.EFBIG, "File too large"), "a file would be larger than is allowed"),
        (OSError(errno.EROFS, "Read-only", "runs/1.json"), "runs/1.json: this can only be read"),
        (PermissionError(errno.EACCES, "no", "runs"), "runs: no permission"),
        (OSError(errno.EMFILE, "Too many"), "too many open files; allow more"),
        (FileNotFoundError(errno.ENOENT, "no", "records.db"), "records.db: it is not there"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "the connection was lost"),
        (TimeoutError("timed out"), "the connection was lost"),
        (OSError(SECRET), "OSError"),
        (sqlite3.OperationalError(SECRET), "the database: OperationalError"),
        (sa.exc.TimeoutError("QueuePool limit"), "the store: another process holds it"),
        (sa.exc.InvalidRequestError(SECRET), "the store: InvalidRequestError"),
        (sa.exc.OperationalError(f"INSERT {SECRET}", {"text": SECRET}, OSError(SECRET)), "the store: OSError"),
    ],
)
def test_an_error_from_outside_is_one_line_with_what_to_do(error: Exception, said: str) -> None:
    line = line_of(error)
    assert line is not None
    assert line.startswith(said)
    assert line.endswith(GO_ON)
    assert "\n" not in line
    assert SECRET not in line


@pytest.mark.database
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AdminShutdown", "the connection was lost"),
        ("CrashShutdown", "the connection was lost"),
        ("ConnectionFailure", "the connection was lost"),
        ("DiskFull", "the disk is full"),
        ("TooManyConnections", "the server has too many connections"),
        ("ReadOnlySqlTransaction", "this can only be read"),
        ("InsufficientPrivilege", "no permission"),
        ("DeadlockDetected", "another process holds it"),
        ("SerializationFailure", "another process holds it"),
        ("DataCorrupted", "it is damaged"),
        ("UniqueViolation", "UniqueViolation (23505)"),
        ("OperationalError", "the connection was lost"),
        ("DataError", "DataError"),
    ],
)
def test_what_postgresql_says_is_told_by_its_code_and_never_quoted(name: str, said: str) -> None:
    import psycopg

    kind = getattr(psycopg.errors, name)
    original = kind(f'bad value\nDETAIL:  Failing row contains (1, "{SECRET}").')
    assert line_of(original) == f"the database: {said}" + line_of(original).removeprefix(f"the database: {said}")
    wrapped = sa.exc.DBAPIError.instance("INSERT", {"text": SECRET}, original, psycopg.Error)
    line = line_of(wrapped)
    assert line.startswith(f"the store: {said}")
    assert SECRET not in line


def test_the_first_cause_from_outside_is_told() -> None:
    def failing() -> None:
        try:
            raise OSError(errno.ENOSPC, "full", "out/data.parquet")
        except OSError as error:
            raise RuntimeError(SECRET) from error

    with pytest.raises(RuntimeError) as caught:
        failing()
    assert line_of(caught.value) == f"out/data.parquet: the disk is full; make room; {GO_ON}"
    assert line_of(RuntimeError(SECRET)) is None
    assert line_of(KeyError("B-age")) is None


def test_a_store_that_is_full_or_read_only_says_so(sqlite_store: Store, annotated) -> None:
    records = [annotated(f"{SECRET} Nummer {number}, [Fieber]{{signs_symptoms}}." * 20)[0] for number in range(400)]
    for pragma, said in (("max_page_count = 40", "the disk is full"), ("query_only = ON", "this can only be read")):
        with sqlite_store.write() as connection:
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        with pytest.raises(sa.exc.SQLAlchemyError) as caught:
            sqlite_store.add_records(records)
        assert line_of(caught.value) == line_of(caught.value.orig).replace("the database:", "the store:")
        assert line_of(caught.value).startswith(f"the store: {said}")
        assert SECRET not in str(caught.value)


def test_neither_database_quotes_a_row_in_its_own_errors(store: Store) -> None:
    stray = Layer(record_id="nobody", name=SECRET, author=SECRET)
    with pytest.raises(sa.exc.IntegrityError) as caught:
        store.add_checked_layers([stray])
    assert "parameters hidden" in str(caught.value)
    assert SECRET not in line_of(caught.value)
    assert SECRET not in str(caught.value).split("parameters hidden")[0].splitlines()[0]
