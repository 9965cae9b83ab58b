"""A lock that one process holds at a time; the operating system releases it when its holder ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.errors import CurateError, MissingExtraError, ReviewError


@contextmanager
def process_lock(
    path: Path,
    *,
    timeout: float = 900.0,
    extra: str = "review",
    refusal: type[CurateError] = ReviewError,
    waits: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Wait for the lock file and hold it inside the block.

    extra: the extra that brings the library. waits: called when another process holds it. Raises ``refusal`` when
    it still does after ``timeout`` seconds.
    """
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError as error:
        raise MissingExtraError("filelock", extra) from error
    # The kind of lock that is a file's mere presence would outlive a process that was killed.
    lock = FileLock(path, timeout=timeout, mode=0o600, fallback_to_soft=False)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waits()
            lock.acquire()
    except Timeout:
        raise refusal(f"expected the lock {path} within {timeout:.0f} seconds, but another process holds it") from None
    try:
        yield
    finally:
        lock.release()
