"""Where the back end keeps its things in a workspace, and whether it runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from pydantic import JsonValue

from annotation.label_studio.backend.basic_auth import Door, read_door
from annotation.label_studio.backend.training import training_status
from annotation.label_studio.private_files import private_folder, write_private

#: Seconds that a look at the back end takes at most.
LOOK = 3.0


def backend_folder(workspace: Path) -> Path:
    """The back end's folder, closed to everybody else."""
    folder = workspace / "label-studio" / "backend"
    private_folder(folder.parent)
    return private_folder(folder)


def note(folder: Path, url: str) -> None:
    """Write down where the back end of this process listens."""
    write_private(folder / "backend.json", json.dumps({"pid": os.getpid(), "url": url}))


def forget(folder: Path) -> None:
    """Write down that it listens no more."""
    (folder / "backend.json").unlink(missing_ok=True)


def backend_state(workspace: Path) -> dict[str, JsonValue]:
    """The back end's address and version if it runs, and how far the last training is, in words."""
    folder = workspace / "label-studio" / "backend"
    running = _running(folder)
    state: dict[str, JsonValue] = {"backend": running["url"] if running else None}
    if running:
        state["backend_version"] = running["model_version"]
    training = training_status(folder, workspace / "adapters")
    if training["state"] != "none":
        state["training"] = f"{training['name']} {training['state']}: {training['says']}"
    return state


def _running(folder: Path) -> dict[str, Any] | None:
    """What the back end says about itself, with its address; None when it does not run."""
    try:
        url = json.loads((folder / "backend.json").read_text(encoding="utf-8"))["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    door = read_door(folder)
    found = _ask(f"{url}/health", door) if door else None
    return found and {**found, "url": url}


def _ask(url: str, door: Door) -> dict[str, Any] | None:
    request = Request(url, headers={"Authorization": door.header})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=LOOK) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except (URLError, OSError, ValueError):
        return None
