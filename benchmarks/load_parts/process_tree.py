"""A command with all the processes that it starts: seconds, processor seconds, and memory together at its highest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from commands import CURATE, ROOT, environment

#: Seconds between two looks, each of which takes processor time itself.
EVERY = 0.25


@dataclass(frozen=True, slots=True)
class TreeCost:
    """What a command and its processes cost; memory as proportional set size, so that shared pages count once."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    output: str


def measured_command(*arguments: str, folder: Path) -> TreeCost:
    """The cost of `curate ...`. Raises RuntimeError with what it said where it failed."""
    with (folder / "output").open("w+") as output, (folder / "errors").open("w+") as errors:
        started = time.perf_counter()
        command = psutil.Popen([*CURATE, *arguments], stdout=output, stderr=errors, env=environment(), cwd=ROOT)
        spent: dict[int, float] = {}
        peak = 0.0
        while command.poll() is None:
            tree = _tree(command)
            peak = max(peak, sum(map(_memory_mb, tree)))
            spent |= {process.pid: seconds for process in tree if (seconds := _seconds(process)) is not None}
            time.sleep(EVERY)
        seconds = time.perf_counter() - started
        output.seek(0), errors.seek(0)
        if command.returncode:
            raise RuntimeError(f"curate {' '.join(arguments)} ended with {command.returncode}: {errors.read()[-2000:]}")
        return TreeCost(seconds, sum(spent.values()), peak, output.read())


def tree_mb(process: psutil.Process) -> float:
    """The memory of a process and all that it has started, now."""
    return sum(map(_memory_mb, _tree(process)))


def _tree(process: psutil.Process) -> Sequence[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except (psutil.Error, OSError):
        return 0.0


def _seconds(process: psutil.Process) -> float | None:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)
