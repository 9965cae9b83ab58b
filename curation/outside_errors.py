"""Errors from outside: the disk, the database, the system. What to tell of one, in one line without a word of a record.

What the database or the system says itself is never repeated: PostgreSQL quotes the row that it did not take.
"""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterator

#: After what has to be done first.
GO_ON = "what was stored is kept, and the same command goes on from there"

FULL = "the disk is full; make room"
READ_ONLY = "this can only be read; make it writable"
DENIED = "no permission; give this user the right to read and write there"
TOO_MANY_FILES = "too many open files; allow more (`ulimit -n 4096`) or end other programs"
NO_MEMORY = "not enough memory; end other programs or set a smaller curation.batch_size"
HARDWARE = "the disk could not be read or written; check it"
LOST = "the connection was lost; wait until the other side runs again"
HELD = "another process holds it; wait until that one has ended"
DAMAGED = "it is damaged; look at it with `curate doctor` and put back a copy"
MISSING = "it is not there; put it back"

BY_ERRNO = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: "the user's share of the disk is full; make room",
    errno.EFBIG: "a file would be larger than is allowed; allow larger ones (`ulimit -f unlimited`)",
    errno.EROFS: READ_ONLY,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EMFILE: TOO_MANY_FILES,
    errno.ENFILE: TOO_MANY_FILES,
    errno.ENOMEM: NO_MEMORY,
    errno.EIO: HARDWARE,
    errno.ENOENT: MISSING,
    errno.EEXIST: "something of this name is there already; move it away",
    errno.EISDIR: "a file was expected, it is a folder; move it away",
    errno.ENOTDIR: "a folder was expected, it is a file; move it away",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EADDRINUSE: "another program listens on this port; choose another port or end it",
    errno.EAGAIN: "the system has no room for it now; end other programs",
}
#: By the beginning of the name that SQLite gives its error.
BY_SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CANTOPEN": "its file cannot be opened; see that its folder is there and that this user may write there",
    "SQLITE_PERM": DENIED,
    "SQLITE_AUTH": DENIED,
    "SQLITE_BUSY": HELD,
    "SQLITE_LOCKED": HELD,
    "SQLITE_NOMEM": NO_MEMORY,
    "SQLITE_IOERR_NOMEM": NO_MEMORY,
    "SQLITE_IOERR": "its disk could not be read or written, it may be full; make room or check it",
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}
#: By the beginning of PostgreSQL's code, https://www.postgresql.org/docs/current/errcodes-appendix.html
BY_SQLSTATE = {
    "08": LOST,
    "57P": LOST,
    "53100": FULL,
    "53200": "the server has not enough memory; ask its administrator",
    "53300": "the server has too many connections; end other programs",
    "53": "the server is out of means; ask its administrator",
    "58": "the server's disk could not be read or written; ask its administrator",
    "25006": READ_ONLY,
    "42501": DENIED,
    "28": "the server does not let this user in; check name and password",
    "3D000": "there is no such database; ask its administrator",
    "40": HELD,
    "55P03": HELD,
    "57014": "the server ended the question; ask its administrator",
    "XX": DAMAGED,
}


def line_of(error: BaseException) -> str | None:
    """What to tell of an error that came from outside, or of the one that it was raised from; None for any other."""
    for cause in _causes(error):
        if said := _database(cause) or _system(cause):
            return f"{said}; {GO_ON}"
    return None


def why_not_opened(error: BaseException) -> str:
    """What to tell of a database that could not be opened; nobody has told it of any record yet.

    PostgreSQL's own first line says whether it was the server, the name or the password.
    """
    original = getattr(error, "orig", None) or error
    said = _of_driver(original)
    return f"{str(original).splitlines()[0]}; {said}" if _is_of(original, "psycopg", "Error") else said


def is_from_outside(error: BaseException) -> bool:
    """Whether it says nothing of the record in work, but of the disk, the database or the system."""
    return line_of(error) is not None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _database(error: BaseException) -> str | None:
    if not _is_of(error, "sqlalchemy.exc", "SQLAlchemyError"):
        raw = _is_of(error, "sqlite3", "Error") or _is_of(error, "psycopg", "Error")
        return f"the database: {_of_driver(error)}" if raw else None
    if _is_of(error, "sqlalchemy.exc", "TimeoutError"):
        return f"the store: {HELD}"
    original = getattr(error, "orig", None)
    return f"the store: {_of_driver(original) if original is not None else _unknown(error)}"


def _of_driver(error: BaseException) -> str:
    sqlstate = getattr(error, "sqlstate", None)
    tables = ((getattr(error, "sqlite_errorname", None), BY_SQLITE), (sqlstate, BY_SQLSTATE))
    for code, known in tables:
        for length in range(len(code or ""), 1, -1):
            if said := known.get(str(code)[:length]):
                return said
    if sqlstate is None and _is_of(error, "psycopg", "OperationalError"):
        return LOST
    code = sqlstate or getattr(error, "sqlite_errorname", None)
    return f"{_unknown(error)}{f' ({code})' if code else ''}"


def _system(error: BaseException) -> str | None:
    if not isinstance(error, OSError):
        return None
    where = ", ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    if isinstance(error, ConnectionError | TimeoutError):
        said = LOST
    elif error.errno in BY_ERRNO:
        said = BY_ERRNO[error.errno]
    else:
        # Libraries put words of their own into errors without a number.
        said = _unknown(error)
    return f"{where}: {said}" if where else said


def _unknown(error: BaseException) -> str:
    """The type of an error and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _is_of(error: BaseException, module: str, name: str) -> bool:
    """Whether it is of a class of a module, which is not imported for that."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(error, kind)
