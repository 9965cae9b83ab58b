"""What a cell takes: time by the clock and of the processor, memory, tokens a second, and energy where it can be read.

Energy is that of the whole machine while the cell runs: the counters of the processor (RAPL, where the kernel lets them
be read), and the power of NVIDIA cards, asked for every two seconds. What cannot be read is not measured, never nought.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any

from curation.atomic_file import write_private
from curation.record import Frozen

POWERCAP = Path("/sys/class/powercap")
#: Seconds between two questions for the power of cards, and between two notes of what was spent so far.
ASKED_EVERY, NOTED_EVERY = 2.0, 10.0
SPENT = "spent.json"


class Spent(Frozen):
    """Seconds by the clock and of the processor, bytes of memory at most, tokens, and joules; None: not measured."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_memory: int | None = None
    peak_gpu_memory: int | None = None
    #: Word pieces that were read in training, all readings together.
    tokens: int | None = None
    training_seconds: float = 0.0
    joules: float | None = None
    gpu_joules: float | None = None

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens a second of training; None where nothing was trained."""
        return self.tokens / self.training_seconds if self.tokens and self.training_seconds else None


class Meter:
    """Measures the block that it is around, with what an ended run of the same cell has noted in the folder.

    The note stays there until the folder is removed, once the cell is in the ledger.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / SPENT
        self._before = _read(self._file)
        self._noted = time.perf_counter()
        self.tokens: int | None = None
        self.training_seconds = 0.0

    def __enter__(self) -> Meter:
        _reset_peaks()
        self._began, self._processor, self._joules = time.perf_counter(), _processor_seconds(), _joules()
        self._cards = _CardPower()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cards.end()
        if error is not None:
            with suppress(OSError):  # what ended the block is told, not that it could not be noted
                self.keep()

    def note(self) -> None:
        """Keep what was spent so far, every few seconds, for the case that the process is killed."""
        if time.perf_counter() - self._noted >= NOTED_EVERY:
            self.keep()

    def keep(self) -> None:
        """Keep what was spent so far."""
        self._noted = time.perf_counter()
        write_private(self._file, self.spent.model_dump_json())

    @property
    def spent(self) -> Spent:
        """What was spent until now, that of ended runs included."""
        before, now = self._before, _joules()
        return Spent(
            seconds=round(before.seconds + time.perf_counter() - self._began, 3),
            processor_seconds=round(before.processor_seconds + _processor_seconds() - self._processor, 3),
            peak_memory=_most(before.peak_memory, _peak_memory()),
            peak_gpu_memory=_most(before.peak_gpu_memory, _peak_gpu_memory()),
            tokens=self.tokens or before.tokens,
            training_seconds=round(before.training_seconds + self.training_seconds, 3),
            joules=_sum(before, before.joules, _since(self._joules, now)),
            gpu_joules=_sum(before, before.gpu_joules, self._cards.joules),
        )


def _read(file: Path) -> Spent:
    try:
        return Spent.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return Spent()


def _most(*values: int | None) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _sum(before: Spent, earlier: float | None, now: float | None) -> float | None:
    """The sum; not measured where it was not measured in one of the runs."""
    if now is None or (before.seconds and earlier is None):
        return None
    return round(now + (earlier or 0.0), 1)


def _processor_seconds() -> float:
    """Of this process and of those that it has awaited."""
    times = os.times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _reset_peaks() -> None:
    with suppress(OSError):  # Linux only: the high-water mark begins anew
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    if (cuda := _cuda()) is not None:
        cuda.reset_peak_memory_stats()


def _peak_memory() -> int | None:
    """The most memory that this process held since the last reset."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def _cuda() -> Any:
    """The module of torch for cards, where torch is loaded and sees one."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None


def _peak_gpu_memory() -> int | None:
    cuda = _cuda()
    return None if cuda is None else int(cuda.max_memory_allocated())


def _joules() -> dict[Path, tuple[int, int]]:
    """By package of the processor, the counter in microjoules and where it begins anew."""
    found: dict[Path, tuple[int, int]] = {}
    for package in sorted(POWERCAP.glob("*-rapl:[0-9]*")):
        if package.name.count(":") == 1:  # those below are parts of it
            with suppress(OSError, ValueError):
                counted = int((package / "energy_uj").read_text(encoding="ascii"))
                found[package] = counted, int((package / "max_energy_range_uj").read_text(encoding="ascii"))
    return found


def _since(before: dict[Path, tuple[int, int]], now: dict[Path, tuple[int, int]]) -> float | None:
    if not before or before.keys() != now.keys():
        return None
    return sum((now[path][0] - counted) % max(most, 1) for path, (counted, most) in before.items()) / 1e6


class _CardPower:
    """The energy of NVIDIA cards, from their power at moments; None where there is no card that tells it."""

    def __init__(self) -> None:
        self.joules: float | None = None
        self._over = Event()
        self._program = shutil.which("nvidia-smi")
        self._watch = Thread(target=self._ask, daemon=True) if self._program else None
        if self._watch is not None:
            self._watch.start()

    def end(self) -> None:
        """Ask no more."""
        self._over.set()
        if self._watch is not None:
            self._watch.join(timeout=ASKED_EVERY)

    def _ask(self) -> None:
        asked = time.perf_counter()
        while (watts := self._watts()) is not None:
            over = self._over.wait(ASKED_EVERY)
            now = time.perf_counter()
            self.joules, asked = (self.joules or 0.0) + watts * (now - asked), now
            if over:
                return

    def _watts(self) -> float | None:
        command = [str(self._program), "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
        try:
            told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
            return sum(float(line) for line in told.split())
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
