"""Processes that go on by themselves are told from others by what they run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from annotation.label_studio.processes import command_of

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
