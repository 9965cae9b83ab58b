"""Signals that raise KeyboardInterrupt wait until what is being stored is stored.

Python raises it between any two steps, also in those that end a transaction: that would then neither be committed nor
rolled back as long as anybody holds the exception, and keep everybody else, this process too, from storing.
"""

from __future__ import annotations

import signal
import threading
from types import TracebackType


class _PutOff:
    """How many blocks the main thread is in that are not to be interrupted, and the signal that waits for their end."""

    blocks = 0
    number: int | None = None


_waiting = _PutOff()


class Uninterrupted:
    """A block at whose end a signal comes that was put off in it; in other threads, which get none, it does nothing."""

    def __enter__(self) -> None:
        self._counts = threading.current_thread() is threading.main_thread()
        _waiting.blocks += self._counts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _waiting.blocks -= self._counts
        if self._counts and not _waiting.blocks and _waiting.number is not None:
            number, _waiting.number = _waiting.number, None
            signal.raise_signal(number)


def put_off(number: int) -> bool:
    """For a handler of signals: whether this one has to wait, in which case it comes again."""
    if _waiting.blocks:
        _waiting.number = number
    return _waiting.blocks > 0
