"""Processes that go on by themselves are told from others by what they run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from annotation.label_studio.processes import command_of, interrupts_held

pytestmark = pytest.mark.server

#: Turns into itself again and again.
SCRIPT = """
import os, sys
left = int(sys.argv[1])
if left:
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", os.environ["SCRIPT"], str(left - 1), "by-this-name"])
"""


def test_a_process_that_turns_into_another_program_keeps_its_command_line():
    command = [sys.executable, "-I", "-S", "-c", SCRIPT, "50", "by-this-name"]
    process = subprocess.Popen(command, env={**os.environ, "SCRIPT": SCRIPT})
    lines = []
    while process.poll() is None:
        line = command_of(process.pid)
        if process.poll() is None:
            lines.append(line)
    assert lines
    assert all("by-this-name" in line for line in lines)


def test_no_process_has_no_command_line():
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    process.wait()
    assert command_of(process.pid) == ""


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []

    def work() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("the whole block")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the whole block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_nothing_is_raised():
    with interrupts_held():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_request_to_end_waits_for_the_end_of_the_block_too():
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGTERM)
            assert came == []
        assert came == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
