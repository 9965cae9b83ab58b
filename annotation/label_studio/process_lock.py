"""A lock that one process holds at a time; the operating system releases it when its holder ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import MissingExtraError, ReviewError


@contextmanager
def process_lock(path: Path, *, timeout: float = 900.0) -> Iterator[None]:
    """Wait for the lock file and hold it inside the block.

    Raises ReviewError when another process still holds it after ``timeout`` seconds.
    """
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError as error:
        raise MissingExtraError("filelock", "review") from error
    # The kind of lock that is a file's mere presence would outlive a process that was killed.
    lock = FileLock(path, timeout=timeout, mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise ReviewError(
            f"expected the lock {path} within {timeout:.0f} seconds, but another process holds it"
        ) from None
    try:
        yield
    finally:
        lock.release()
