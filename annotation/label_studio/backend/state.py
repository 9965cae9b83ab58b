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
    """Remove what `record_running` wrote in this process; the note of a back end begun later stays."""
    note = _note(folder)
    if note is None or note[0] == os.getpid():
        (folder / "backend.json").unlink(missing_ok=True)


def running_port(workspace: Path) -> int | None:
    """The port on which the workspace's back end listens now; None where it does not run. It is sent nothing."""
    note = _note(workspace / "label-studio" / "backend")
    if note is None:
        return None
    pid, started, url = note
    port = urlsplit(url).port
    return port if port is not None and started_at(pid) == started and listens(pid, port) else None


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
    note = _note(folder)
    # Checked first: the password is never sent to another program that uses the port now.
    if note is None or running_port(folder.parents[1]) is None:
        return None
    auth, url = read_basic_auth(folder), note[2]
    found = _health(f"{url}/health", auth) if auth else None
    return found and {**found, "url": url}


def _note(folder: Path) -> tuple[int, float, str] | None:
    """What `record_running` wrote: the number of the process, when it began, its address."""
    try:
        note = json.loads((folder / "backend.json").read_text(encoding="utf-8"))
        found = int(note["pid"]), float(note["started"]), str(note["url"])
        urlsplit(found[2]).port  # noqa: B018 (raises ValueError where there is none that can be)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def _health(url: str, auth: BasicAuth) -> dict[str, Any] | None:
    request = Request(url, headers={"Authorization": auth.header})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=REQUEST_TIMEOUT) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found
    except (URLError, OSError, ValueError):
        return None
