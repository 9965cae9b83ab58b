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
from study_parts.measured_rows import MEASURED, MeasuredRows

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
    """The rows of a study in `MEASURED`, of a quick form in the user's cache folder; the folders of cells that are not
    done are there in either case.
    """

    def __init__(self, name: str, *, quick: bool, folder: Path | None = None, measured: Path = MEASURED) -> None:
        self.folder = made_private((folder or cache_folder() / "benchmarks") / name)
        self._rows = MeasuredRows(self.folder / "quick.jsonl" if quick else measured / f"{name}.jsonl")

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """What was measured, by the digest of the parameters."""
        return self._rows.all()

    def measure(self, cells: Sequence[StudyCell], deadline: Deadline) -> int:
        """Measure what has no row, in order, until the time is over; how many are left."""
        known = self.rows
        waiting = [cell for cell in cells if cell.digest not in known]
        for number, cell in enumerate(waiting):
            if deadline.is_over or (row := self._measured(cell, deadline)) is None:
                return len(waiting) - number
            self._rows.add(row)
            shutil.rmtree(self.folder / cell.digest, ignore_errors=True)
            print(f"{len(waiting) - number - 1} left: {_shown(row)}", file=sys.stderr, flush=True)
        return 0

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


def _shown(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if not isinstance(value, dict | list)})
