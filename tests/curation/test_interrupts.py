"""Signals wait for the end of what is not to be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from curation.interrupts import Uninterrupted, put_off


@pytest.fixture(autouse=True)
def handled() -> Iterator[None]:
    def handle(number: int, _: object) -> None:
        if not put_off(number):
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, handle)
    yield
    signal.signal(signal.SIGTERM, before)


def signalled(*, times: int = 1, fails: bool = False, reached: list[str] | None = None) -> None:
    """A block in a block, with signals in the inner one."""
    with Uninterrupted():
        with Uninterrupted():
            for _ in range(times):
                signal.raise_signal(signal.SIGTERM)
        if reached is not None:
            reached.append("the end of the inner one")
        if fails:
            raise ValueError


def test_a_signal_comes_at_the_end_of_the_outermost_block() -> None:
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        signalled(reached=reached)
    assert reached == ["the end of the inner one"]


def test_several_come_once_and_those_outside_of_blocks_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        signalled(times=2)
    signalled(times=0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_it_comes_although_the_block_fails() -> None:
    with pytest.raises(KeyboardInterrupt) as came:
        signalled(fails=True)
    assert isinstance(came.value.__context__, ValueError)


def test_a_block_in_another_thread_puts_nothing_off() -> None:
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with Uninterrupted():
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        end.set()
        thread.join()
