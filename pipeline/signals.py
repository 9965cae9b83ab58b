"""Signals that end a process end it as Ctrl-C does: what was finished is kept, and nothing is half written."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

#: Asked to end, and the terminal closed.
ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_like_interrupts() -> Iterator[list[int]]:
    """Inside the block SIGTERM and SIGHUP raise KeyboardInterrupt, once; gives the signals that came.

    A signal that whoever started the process has it ignore (`nohup`) stays ignored.
    """
    came: list[int] = []
    owner = os.getpid()

    def end(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            os._exit(128 + number)  # a process that was forked from this one has nothing to put in order
        if not came:
            came.append(number)
            raise KeyboardInterrupt

    before: dict[int, Any] = {}
    with suppress(ValueError):  # only the main thread has signals
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, end)
    try:
        yield came
    finally:
        for handled, handler in before.items():
            signal.signal(handled, handler)
