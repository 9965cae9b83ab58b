"""Tasks and annotations on the server, compared with those that should be there."""

from __future__ import annotations

from collections.abc import Iterable

from annotation.label_studio.api.client import Client


def tasks_by_record(client: Client, title: str) -> dict[str, list[int]]:
    """The ids of all tasks of a project by what they call their records."""
    project = client.find_project(title)
    found: dict[str, list[int]] = {}
    for task in client.tasks(project.id, [], full=False) if project else ():
        found.setdefault(str(task["data"]["record_id"]), []).append(int(task["id"]))
    return found


def astray(client: Client, title: str, expected: Iterable[str]) -> dict[str, int]:
    """How many records have no task (`lost`), and how many tasks there are beyond one for each (`doubled`)."""
    there = tasks_by_record(client, title)
    wanted = set(expected)
    doubled = sum(len(ids) - (record in wanted) for record, ids in there.items())
    return {"lost": len(wanted - set(there)), "doubled": doubled}
