"""How late this process's own event loop is: what waits for it is no slowness of a server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

#: Seconds between two looks, and the number of looks whose mean is taken.
PERIOD, LOOKS = 0.05, 10


class Clock(Protocol):
    """The time, and what is to be done later: an event loop of asyncio, or a clock of a test."""

    def time(self) -> float:
        """Seconds."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object:
        """Call after a number of seconds."""


class LoopLag:
    """The lateness of timers. As an answer does, they wait until the loop looks for what has come, and then for the
    next round, in which the task that waits for them goes on.
    """

    def __init__(self) -> None:
        self._late = deque[float](maxlen=LOOKS)
        self._is_watching = False

    @property
    def seconds(self) -> float:
        """The mean of the last looks; 0 before the first."""
        return sum(self._late) / len(self._late) if self._late else 0.0

    def watch(self, clock: Clock, goes_on: Callable[[], bool]) -> None:
        """Look again and again, as long as asked."""
        if not self._is_watching:
            self._is_watching = True
            self._look(clock, goes_on)

    def _look(self, clock: Clock, goes_on: Callable[[], bool]) -> None:
        due = clock.time() + PERIOD

        def came() -> None:
            clock.call_later(0.0, woken)

        def woken() -> None:
            self._late.append(max(0.0, clock.time() - due))
            if goes_on():
                self._look(clock, goes_on)
            else:
                self._is_watching = False

        clock.call_later(PERIOD, came)
