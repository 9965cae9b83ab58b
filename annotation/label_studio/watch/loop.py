"""The loop of a watch: pull, wait for a webhook or for the time between two pulls, pull again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from annotation.label_studio.exchange.pull import Pulled
from curation.errors import ReviewError

#: Seconds to wait after a hint, so that one save with several hints is one pull.
GATHER = 0.3


@dataclass(frozen=True, slots=True)
class WatchSignal:
    """Wakes a watch when there may be news, and ends it; safe to call from any thread."""

    news: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def notify(self) -> None:
        """Wake the watch: there may be news."""
        self.news.set()

    def stop(self) -> None:
        """End the watch after the pull that is running."""
        self.stopped.set()
        self.news.set()


def watch(
    look: Callable[[], Pulled],
    signal: WatchSignal,
    *,
    poll: float,
    report: Callable[[Pulled], None],
    trouble: Callable[[ReviewError], None],
) -> int:
    """Call `look` at once, at each signal, and after `poll` seconds without one; return the number of calls.

    A call that fails is passed to `trouble` and repeated at the next occasion: a lost hint or a server that is down
    delays annotations, but loses none.
    """
    looks = 0
    while not signal.stopped.is_set():
        # Cleared before the call: a hint that comes during it causes another one.
        signal.news.clear()
        if signal.stopped.is_set():
            break
        try:
            report(look())
        except ReviewError as error:
            trouble(error)
        looks += 1
        if signal.news.wait(poll):
            signal.stopped.wait(GATHER)
    return looks


def is_news(pulled: Pulled) -> bool:
    """Whether a pull stored or reported anything."""
    return bool(pulled.layers or pulled.decisions or pulled.refused or pulled.in_doubt or pulled.deleted)
