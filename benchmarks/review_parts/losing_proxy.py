"""A proxy before Label Studio that loses answers after the server has done the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from review_parts.forwarding_proxy import Forwarding, listening

#: What becomes of an import: its answer is handed on, is lost behind a 502, or is never given.
PASS, LOST, HELD = "pass", "502", "held"


@dataclass
class LosingProxy:
    """`fate` says what becomes of each import; `counts` is how often each came."""

    url: str
    fate: Callable[[], str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((PASS, LOST, HELD), 0))
    #: Set when an import comes; the waiting caller clears it.
    arrived: threading.Event = field(default_factory=threading.Event)
    #: Seconds that a held answer is held for.
    hold: float = 5.0


@contextmanager
def proxy(port: int, fate: Callable[[], str]) -> Iterator[LosingProxy]:
    """The proxy before the server on 127.0.0.1 at a port."""
    state = LosingProxy("", fate)
    over = threading.Event()

    class Handler(Forwarding):
        def exchange(self, body: bytes) -> tuple[int, bytes]:
            if self.is_import():
                state.arrived.set()
            answer = self.forward(body)
            if not self.is_import():
                return answer
            fate = state.fate()
            state.counts[fate] += 1
            if fate == HELD:
                over.wait(state.hold)
            return answer if fate == PASS else (502, b"<html>bad gateway</html>")

    with listening(Handler, port) as state.url:
        try:
            yield state
        finally:
            over.set()
