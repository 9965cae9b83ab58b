"""The back end's folder in a workspace, and whether the back end runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from pydantic import JsonValue

from annotation.label_studio.backend.basic_auth import BasicAuth, read_basic_auth
from annotation.label_studio.backend.training import training_status
from annotation.label_studio.processes import listens, started_at
from curation.atomic_file import write_private
from curation.private_files import private_folder

#: Seconds until a request to the back end is given up.
REQUEST_TIMEOUT = 3.0


def backend_folder(workspace: Path) -> Path:
    """The back end's folder, made if there is none, which only its owner can read."""
    folder = workspace / "label-studio" / "backend"
    private_folder(folder.parent)
    return private_folder(folder)


def record_running(folder: Path, url: str) -> None:
    """Write the number of this process, when it began, and the address it listens on."""
    note = {"pid": os.getpid(), "started": started_at(os.getpid()), "url": url}
    write_private(folder / "backend.json", json.dumps(note))


def clear_running(folder: Path) -> None:
    """Remove what `record_running` wrote."""
    (folder / "backend.json").unlink(missing_ok=True)


def backend_state(workspace: Path) -> dict[str, JsonValue]:
    """The back end's address and version if it runs, and the state of the last training in words."""
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
    """The back end's answer to /health, with its address; None when it does not run."""
    try:
        note = json.loads((folder / "backend.json").read_text(encoding="utf-8"))
        pid, started, url = int(note["pid"]), float(note["started"]), str(note["url"])
        port = urlsplit(url).port
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # Checked first: the password is never sent to another program that uses the port now.
    if port is None or started_at(pid) != started or not listens(pid, port):
        return None
    auth = read_basic_auth(folder)
    found = _health(f"{url}/health", auth) if auth else None
    return found and {**found, "url": url}


def _health(url: str, auth: BasicAuth) -> dict[str, Any] | None:
    request = Request(url, headers={"Authorization": auth.header})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=REQUEST_TIMEOUT) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except (URLError, OSError, ValueError):
        return None
