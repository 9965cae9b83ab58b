"""A validation that is killed while it measures translated pairs, and given again: is the result that of one run?"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
from commands import begin, curate

from fault_parts.contents import compared, contents
from fault_parts.trial import Trial
from pipeline.workspace import Workspace

#: Cases, each a record and its translation: enough for several processes (`curation.processes.WORTHWHILE`).
CASES = {True: 200, False: 600}
#: Pairs that are measured when the command is killed, as shares; one after the other on the same workspace.
MOMENTS: dict[bool, tuple[float, ...]] = {True: (0.4,), False: (0.05, 0.4, 0.9)}
WORKERS = 2


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """One validation whole, one killed in the middle of the pairs as often as there are moments, then finished."""
    base = _pairs(folder / "base", CASES[quick])
    whole = Path(shutil.copytree(base, folder / "whole"))
    killed = Path(shutil.copytree(base, folder / "killed"))
    errors = [curate("validate", "--workspace", str(whole)).stderr]
    caught = [_killed(killed, round(share * CASES[quick])) for share in MOMENTS[quick]]
    between = _measured(killed)
    errors.append(curate("validate", "--workspace", str(killed)).stderr)
    trial = compared("validation of pairs killed", contents(whole), [contents(killed)], errors)
    in_time = all(caught) and 0 < between < CASES[quick]
    yield trial if in_time else Trial(trial.fault, not_measured="all pairs were measured before it was killed")


def _pairs(folder: Path, cases: int) -> Path:
    """A workspace of generated records, half of them translations."""
    from pipeline.steps.generate import generate_into

    workspace = Workspace.make(folder, {"validation.similarity.enabled": False, "curation.workers": WORKERS})
    with workspace.open_store() as store:
        generate_into(workspace, store, cases, languages=("en", "de"), seed=3, noise=0.2)
    return folder


def _killed(folder: Path, pairs: int) -> bool:
    """Whether it was killed once so many pairs were measured, before it ended; none of its processes is left."""
    with begin("validate", "--workspace", str(folder)) as process:
        while _measured(folder) < pairs and process.poll() is None:
            time.sleep(0.01)
        caught = process.poll() is None
        workers = psutil.Process(process.pid).children(recursive=True) if caught else []
        process.kill()
    # Workers end by themselves when the process that gave them work is gone.
    _, left = psutil.wait_procs(workers, timeout=30)
    if left:
        raise RuntimeError(f"{len(left)} worker processes outlived the command by 30 seconds")
    return caught


def _measured(folder: Path) -> int:
    """How many pairs the store has the measures of."""
    with closing(sqlite3.connect(f"file:{folder / 'records.db'}?mode=ro", uri=True)) as connection:
        query = "select count(*) from measures where stage = 'translation'"
        return int(connection.execute(query).fetchone()[0])
