"""Look, wait for a hint or for the time to come, look again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from annotation.label_studio.exchange.pull import Pulled
from curation.errors import ReviewError

#: Seconds in which hints gather, so that one save with several hints is one look.
GATHER = 0.3


@dataclass(frozen=True, slots=True)
class Bell:
    """What rings when there may be news, and when it is time to end."""

    rung: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def ring(self) -> None:
        """There may be news."""
        self.rung.set()

    def end(self) -> None:
        """It is time to end; what is being done is finished first."""
        self.over.set()
        self.rung.set()


def watch(
    look: Callable[[], Pulled],
    bell: Bell,
    *,
    poll: float,
    report: Callable[[Pulled], None],
    trouble: Callable[[ReviewError], None],
) -> int:
    """How often it was looked, until the bell ends it: at once, at each hint, and after `poll` seconds without one.

    A look that fails is told to `trouble` and made again at the next occasion: a lost hint or a server that was
    away costs time, never an annotation.
    """
    looks = 0
    while not bell.over.is_set():
        # Before the look: a hint that comes during it is for the next one.
        bell.rung.clear()
        if bell.over.is_set():
            break
        try:
            report(look())
        except ReviewError as error:
            trouble(error)
        looks += 1
        if bell.rung.wait(poll):
            bell.over.wait(GATHER)
    return looks


def is_news(pulled: Pulled) -> bool:
    """Whether a look brought anything."""
    return bool(pulled.layers or pulled.decisions or pulled.refused or pulled.deleted)
