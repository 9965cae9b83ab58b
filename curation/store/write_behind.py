"""One thread that writes for many: what came together goes together, and nothing waits long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Generic, TypeVar

Written = TypeVar("Written")

#: So many are written at once as soon as they are there, and so many seconds the first of fewer waits at most.
SIZE, SECONDS = 256, 0.25
#: So many go into one call at most.
LARGEST = 512
#: Seconds until what could not be written is tried again, and how often that is done at the end.
PAUSE, LAST_TRIES = 1.0, 3


class WriteBehind(Generic[Written]):
    """Takes things at once and has them written by a thread of its own, in their order; none is dropped.

    write: is given them; what it raises is told to `failed`, and the same things are tried again and again, after
    `close` a few times; after what ends a process nothing more is tried. May be used from several threads.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Written]], None],
        *,
        failed: Callable[[BaseException], None] = lambda error: None,
        size: int = SIZE,
        seconds: float = SECONDS,
    ) -> None:
        self._write, self._failed, self._size, self._seconds = write, failed, size, seconds
        self._left: list[Written] = []
        self._since = 0.0
        self._changed = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many are not written yet."""
        return len(self._left)

    def put(self, thing: Written) -> None:
        """Have it written."""
        with self._changed:
            self._left.append(thing)
            # The thread is woken for the first, to begin its time, and for a full load: not for each.
            if len(self._left) == 1:
                self._since = monotonic()
                self._changed.notify()
            elif len(self._left) == self._size:
                self._changed.notify()

    def close(self) -> None:
        """Write what is left. Raises what the last try raised, where that failed."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        tries = LAST_TRIES
        while tries and (load := self._load()):
            try:
                self._write(load)
            except BaseException as error:
                self._error = error
                self._failed(error)
                if not isinstance(error, Exception):
                    return
                with self._changed:
                    tries -= self._closing
                    self._changed.wait(PAUSE)
                continue
            self._error = None
            with self._changed:
                del self._left[: len(load)]
                self._since = monotonic()

    def _load(self) -> list[Written]:
        """What is written next, once it is enough or has waited long enough; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._left or self._closing)
            while not self._closing and len(self._left) < self._size:
                if (rest := self._since + self._seconds - monotonic()) <= 0:
                    break
                self._changed.wait(rest)
            return self._left[:LARGEST]
