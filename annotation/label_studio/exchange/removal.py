"""Tasks of deleted records out of Label Studio, and their words out of its database file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from annotation.label_studio.api.client import Client, Project
from annotation.label_studio.api.errors import RefusedError
from annotation.label_studio.exchange.repeats import task_key
from annotation.label_studio.server.database_template import DATABASE
from curation.store.deletion import TaskLeft

#: Seconds to wait for Label Studio's own writing.
PATIENCE = 30.0


def remove_tasks(client: Client, tasks: Iterable[TaskLeft]) -> tuple[int, list[TaskLeft]]:
    """How many tasks were deleted there, and those whose projects this Label Studio does not have.

    All tasks that name a record are deleted, with people's answers, also doubles that the ledger does not know.
    Raises ReviewError where it does not answer.
    """
    by_project: dict[str, list[TaskLeft]] = {}
    for task in tasks:
        by_project.setdefault(task.base_project, []).append(task)
    deleted, elsewhere = 0, list[TaskLeft]()
    for key, noted in by_project.items():
        project = _project(client, key)
        if project is None:
            elsewhere += noted
            continue
        keys = dict.fromkeys(task_key(task.record_id, task.repeat) for task in noted)
        found = [task["id"] for tasks in client.tasks_of(project.id, keys).values() for task in tasks]
        client.delete_tasks(found)
        deleted += len(found)
    return deleted, elsewhere


def _project(client: Client, key: str) -> Project | None:
    """The project that the ledger calls so: of the same title, number and time; None where there is none."""
    number = key.rpartition(" #")[2].partition(" ")[0]
    try:
        project = client.project(int(number))
    except RefusedError as error:
        if error.status != 404:
            raise
        return None
    return project if project.key == key else None


def scrub_database(workspace: Path) -> bool:
    """Whether the database file of the workspace's own Label Studio, if there is one, holds no deleted words now."""
    file = workspace / "label-studio" / "data" / DATABASE
    if not file.is_file():
        return True
    try:
        with closing(sqlite3.connect(file, timeout=PATIENCE)) as database:
            database.execute("VACUUM")
    except sqlite3.OperationalError:
        return False
    return True
