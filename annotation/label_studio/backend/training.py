"""Training in the background: one at a time, in a process of its own that continues after the back end ends."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from annotation.label_studio.processes import command_of, is_alive, launch
from curation.atomic_file import write_private
from curation.process_lock import process_lock
from curation.tagging.folder import MANIFEST

#: Training runs at a low priority, so that predictions are not delayed.
LOW_PRIORITY = ("nice", "-n", "10")


class Trainer:
    """Starts `curate train` and returns its state."""

    def __init__(self, folder: Path, *, command: Sequence[str], adapters: Path, name: str) -> None:
        self._folder = folder
        self._command = list(command)
        self._adapters = adapters
        self._name = name

    def start(self) -> dict[str, JsonValue]:
        """The state of the running training, which is started unless it runs."""
        with process_lock(self._folder / "training.lock"):
            if self.status()["state"] == "running":
                return self.status()
            name = self._next_name()
            log = self._folder / f"{name}.log"
            log.unlink(missing_ok=True)
            pid = launch(
                [*(LOW_PRIORITY if shutil.which(LOW_PRIORITY[0]) else ()), *self._command, "--name", name],
                variables=os.environ,
                folder=self._folder,
                log=log,
            )
            state = {"pid": pid, "name": name, "log": str(log), "started": datetime.now(UTC).isoformat()}
            write_private(self._folder / "training.json", json.dumps(state))
        return self.status()

    def status(self) -> dict[str, JsonValue]:
        """Name, start, state (none, running, done or failed), and the last line of the training's log."""
        return training_status(self._folder, self._adapters)

    def _next_name(self) -> str:
        """The name with the next number; adapters are never overwritten."""
        numbers = [adapter.name.rpartition("-")[2] for adapter in self._adapters.glob(f"{self._name}-*")]
        last = max((int(number) for number in numbers if number.isdigit()), default=0)
        return f"{self._name}-{last + 1:04d}"


def training_status(folder: Path, adapters: Path) -> dict[str, JsonValue]:
    """The state of the last training that was started from Label Studio."""
    try:
        state: dict[str, Any] = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        pid, name, log = int(state["pid"]), str(state["name"]), Path(state["log"])
    except (OSError, ValueError, KeyError, TypeError):
        return {"state": "none"}
    # The system gives numbers of ended processes to new ones, so the command is compared too.
    if is_alive(pid) and name in command_of(pid):
        current = "running"
    else:
        current = "done" if (adapters / name / MANIFEST).is_file() else "failed"
    return {"state": current, "name": name, "started": str(state["started"]), "says": _last_line(log)}


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
