"""A lock that processes share through a file, given back when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from curation.errors import ReviewError

#: Seconds between two tries for a lock that somebody else holds.
PAUSE = 0.1


class Lock:
    """Held by one process at a time; `with Lock(path):` waits for it."""

    def __init__(self, path: Path, *, timeout: float = 900.0) -> None:
        self._path = path
        self._timeout = timeout
        self._file = -1

    def __enter__(self) -> Lock:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._timeout
        while not _taken(self._file):
            if time.monotonic() > deadline:
                os.close(self._file)
                raise ReviewError(
                    f"expected the lock {self._path} within {self._timeout:.0f} seconds, but another process holds it"
                )
            time.sleep(PAUSE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def _taken(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
