"""Signals that end a process end it as Ctrl-C does: what was finished is kept, and nothing is half written."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from curation.interrupts import put_off

#: Asked to end, and the terminal closed.
ENDING = (signal.SIGTERM, signal.SIGHUP)
#: Seconds until a signal that Python has lost comes again.
AGAIN = 0.05


@contextmanager
def ended_like_interrupts() -> Iterator[list[int]]:
    """Inside the block SIGTERM and SIGHUP raise KeyboardInterrupt, once; gives the signals that came.

    While something is being stored they wait, and so does Ctrl-C.
    A signal that whoever started the process has it ignore (`nohup`) stays ignored. One that comes while Python clears
    something away, where it prints exceptions and goes on, comes again, and so does Ctrl-C.
    """
    came: list[int] = []
    owner, main_thread = os.getpid(), threading.main_thread().ident
    timers: list[threading.Timer] = []

    def end(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            os._exit(128 + number)  # a process that was forked from this one has nothing to put in order
        if not came and not put_off(number):
            came.append(number)
            raise KeyboardInterrupt

    def interrupt(number: int, frame: FrameType | None) -> None:
        if not put_off(number):
            raise KeyboardInterrupt

    def again(lost: sys.UnraisableHookArgs) -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            hook_before(lost)
            return
        number = came.pop() if came else signal.SIGINT
        timers.append(threading.Timer(AGAIN, signal.pthread_kill, (main_thread, number)))
        timers[-1].start()

    hook_before, sys.unraisablehook = sys.unraisablehook, again
    before: dict[int, Any] = {}
    with suppress(ValueError):  # only the main thread has signals
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield came
    finally:
        for timer in timers:
            timer.cancel()
        sys.unraisablehook = hook_before
        for handled, handler in before.items():
            signal.signal(handled, handler)


@contextmanager
def told_of_signals(tell: Callable[[int], None]) -> Iterator[None]:
    """Inside the block Ctrl-C, SIGTERM and SIGHUP call `tell` with their number, and do nothing else.

    One that is ignored stays ignored. Outside of the main thread, which alone has signals, nothing changes.
    """
    before: dict[int, Any] = {}
    with suppress(ValueError):
        for number in (signal.SIGINT, *ENDING):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda number, frame: tell(number))
    try:
        yield
    finally:
        for handled, handler in before.items():
            signal.signal(handled, handler)


def waiting_line(name: str, count: int) -> str:
    """What is said at the first signal, when answers are in flight."""
    more = "(Ctrl-C once more leaves at once)"
    return f"{name}: nothing more is sent; waiting for {count} answers that are on their way {more}"
