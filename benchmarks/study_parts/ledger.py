"""Cells of a study: each is measured once and becomes a row of a ledger, and one that was ended is gone on with."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from measuring import measured

from curation.cache_folder import cache_folder
from curation.private_files import made_private
from curation.record import digest

#: How a process says that the time was over before its cell was done, and that it found nothing to measure.
OVER = 75


@dataclass(frozen=True)
class StudyCell:
    """One measurement: what it is, and what makes it in a folder of its own; `work` may be called again there."""

    parameters: dict[str, Any]
    work: Callable[[Path, Deadline], dict[str, Any]] = field(compare=False)

    @property
    def digest(self) -> str:
        """What its row is found by."""
        return digest(self.parameters)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call of a script ends, in seconds of the monotonic clock; in a cell, with its script too."""

    at: float = float("inf")
    parent: int | None = None

    @classmethod
    def after(cls, minutes: float | None) -> Deadline:
        """So many minutes from now; None is never."""
        return cls() if minutes is None else cls(time.monotonic() + 60 * minutes)

    @property
    def is_over(self) -> bool:
        """Whether the time is over, or the script was killed."""
        return time.monotonic() > self.at or self.parent not in (None, os.getppid())

    def check(self, *_: Any) -> None:
        """Raises KeyboardInterrupt when the time is over, as for a person who ends the script: what is kept is kept."""
        if self.is_over:
            raise KeyboardInterrupt


class StudyLedger:
    """The rows of a study in the user's cache folder, and beside them the folders of cells that are not done."""

    def __init__(self, name: str, *, folder: Path | None = None) -> None:
        self.folder = made_private((folder or cache_folder() / "benchmarks") / name)
        self._file = self.folder / "ledger.jsonl"

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """What was measured, by the digest of the parameters; of a line that was cut off, nothing."""
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return {row["digest"]: row for row in map(_row, lines) if row}

    def measure(self, cells: Sequence[StudyCell], deadline: Deadline) -> int:
        """Measure what has no row, in order, until the time is over; how many are left."""
        known = self.rows
        waiting = [cell for cell in cells if cell.digest not in known]
        for number, cell in enumerate(waiting):
            if deadline.is_over or (row := self._measured(cell, deadline)) is None:
                return len(waiting) - number
            self._add(json.dumps(row))
            shutil.rmtree(self.folder / cell.digest, ignore_errors=True)
            print(f"{len(waiting) - number - 1} left: {_shown(row)}", file=sys.stderr, flush=True)
        return 0

    def _add(self, line: str) -> None:
        """One more line; what a kill has left of one ends before it."""
        whole = not self._file.exists() or self._file.read_bytes().endswith(b"\n")
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{'' if whole else chr(10)}{line}\n")

    def _measured(self, cell: StudyCell, deadline: Deadline) -> dict[str, Any] | None:
        """The row of a cell, made in a process of its own, whose memory is the cell's; None when the time is over.

        Raises SystemExit where the cell fails.
        """
        folder = made_private(self.folder / cell.digest)
        process = multiprocessing.get_context("fork").Process(target=_work, args=(cell, folder, deadline))
        process.start()
        process.join()
        if process.exitcode == OVER:
            return None
        if process.exitcode:
            raise SystemExit(f"the cell {json.dumps(cell.parameters)} failed with {process.exitcode}")
        found = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
        return {"digest": cell.digest, **cell.parameters, **found}


def _work(cell: StudyCell, folder: Path, deadline: Deadline) -> None:
    """The figures of a cell in a file, with its processor seconds (of all calls) and its peak memory."""
    spent_file = folder / "spent.json"
    before = json.loads(spent_file.read_text()) if spent_file.exists() else {"processor_seconds": 0.0, "peak_mb": 0.0}
    began = time.process_time()
    figures = None
    with measured() as cost:
        try:
            figures = cell.work(folder, replace(deadline, parent=os.getppid()))
        except KeyboardInterrupt:
            print(f"not done: {json.dumps(cell.parameters)}", file=sys.stderr, flush=True)
    spent = {
        "processor_seconds": round(before["processor_seconds"] + time.process_time() - began, 1),
        "peak_mb": max(before["peak_mb"], round(cost.peak_mb)),
    }
    spent_file.write_text(json.dumps(spent))
    if figures is None:
        sys.exit(OVER)
    (folder / "figures.json").write_text(json.dumps(figures | spent))


def _row(line: str) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return row


def _shown(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if not isinstance(value, dict | list)})
