"""A training that is killed and goes on, and the memory of trainings on small and large sets."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from commands import ROOT, environment

from training_parts.small_models import small_encoder

CHILD = [sys.executable, "-m", "training_parts.child"]
#: Steps after which the training is killed: behind a checkpoint and before the next one.
KILLED_AFTER = (8, 14)
RECORDS, EPOCHS = 24, 3
#: Steps in which the peak of memory is read.
FIRST_STEPS = 50


def resumed(folder: Path) -> dict[str, Any]:
    """Whether a training that was killed twice ends with the weights of one that was not; and the steps of each run."""
    small_encoder(folder / "encoder")
    whole = _child(folder / "whole", RECORDS, EPOCHS, 0)
    runs = []
    for steps in KILLED_AFTER:
        runs.append(_killed(folder / "killed", steps))
    last = _child(folder / "killed", RECORDS, EPOCHS, 0)
    return {
        "steps": whole["steps"],
        "killed at": runs,
        "steps after": last["steps"],
        "equal": whole["weights"] == last["weights"] and last["steps"] < whole["steps"],
    }


def memory(folder: Path, sizes: tuple[int, int]) -> list[dict[str, Any]]:
    """The peak memory in the first steps of a training on so many records."""
    small_encoder(folder / "encoder")
    return [{"records": size, **_child(folder / str(size), size, 1, FIRST_STEPS)} for size in sizes]


def _child(folder: Path, *numbers: int) -> dict[str, Any]:
    command = [*CHILD, str(folder), *map(str, numbers)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT / "benchmarks", check=True
    )
    *steps, last = done.stdout.splitlines()
    return {"steps": len(steps), **json.loads(last)}


def _killed(folder: Path, steps: int) -> int:
    """The step at which the training was killed."""
    command = [*CHILD, str(folder), str(RECORDS), str(EPOCHS), "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT / "benchmarks"
    ) as process:
        assert process.stdout
        done = 0
        while done < steps:
            done = int(process.stdout.readline().split()[0])
        process.send_signal(signal.SIGKILL)
    return done
