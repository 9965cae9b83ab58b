"""One thread that writes for many."""

from __future__ import annotations

import threading
import time

import pytest

from curation.store.write_behind import WriteBehind


def test_what_comes_together_goes_together_in_its_order():
    written: list[list[int]] = []
    writer = WriteBehind[int](lambda load: written.append(list(load)), size=10, seconds=0.2)
    for number in range(25):
        writer.put(number)
    writer.close()
    assert [number for load in written for number in load] == list(range(25))
    assert len(written) <= 3
    assert writer.waiting == 0


def test_a_single_thing_waits_no_longer_than_it_may():
    came = threading.Event()
    writer = WriteBehind[int](lambda load: came.set(), size=1000, seconds=0.05)
    writer.put(1)
    assert came.wait(1.0)
    writer.close()


def test_a_full_load_does_not_wait():
    came = threading.Event()
    writer = WriteBehind[int](lambda load: came.set(), size=3, seconds=60.0)
    began = time.monotonic()
    for number in range(3):
        writer.put(number)
    assert came.wait(5.0)
    assert time.monotonic() - began < 5.0
    writer.close()


def test_what_fails_is_tried_again_and_nothing_overtakes_it(monkeypatch):
    monkeypatch.setattr("curation.store.write_behind.PAUSE", 0.01)
    failures, written, told = [OSError(28, "full")] * 2, [], []

    def write(load):
        if failures:
            raise failures.pop()
        written.extend(load)

    writer = WriteBehind[int](write, failed=told.append, seconds=0.0)
    for number in range(5):
        writer.put(number)
    writer.close()
    assert written == list(range(5))
    assert len(told) == 2


def test_what_fails_to_the_end_is_raised(monkeypatch):
    monkeypatch.setattr("curation.store.write_behind.PAUSE", 0.01)

    def write(load):
        raise OSError(28, "full")

    writer = WriteBehind[int](write, seconds=0.0)
    writer.put(1)
    with pytest.raises(OSError, match="full"):
        writer.close()
    assert writer.waiting == 1
