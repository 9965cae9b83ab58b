"""Where records lie in Label Studio, by our ledger of what was pushed; no server is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress

from curation.store import Store
from pipeline.workspace import Workspace

#: The number of a project in its name in the ledger: the title, the number, and when it was made.
PROJECT = re.compile(r" #(\d+) \S*$")


def task_links(workspace: Workspace, store: Store, record_ids: Sequence[str]) -> dict[str, str]:
    """By record, the address of its task, where it was pushed and the server's address is known."""
    address = _address(workspace)
    if address is None:
        return {}
    found: dict[str, str] = {}
    for task in store.noted_tasks(list(dict.fromkeys(record_ids))):
        project = PROJECT.search(task.project)
        if task.task_id is not None and project is not None:
            found.setdefault(task.record_id, f"{address}/projects/{project[1]}/data?task={task.task_id}")
    return found


def _address(workspace: Workspace) -> str | None:
    """That of the settings, else of the workspace's own server, whether it runs or not."""
    if (url := workspace.config.review.url) is not None:
        return str(url).rstrip("/")
    with suppress(OSError, ValueError, KeyError, TypeError):
        state = json.loads((workspace.folder / "label-studio" / "server.json").read_text(encoding="utf-8"))
        return f"http://127.0.0.1:{int(state['port'])}"
    return None
