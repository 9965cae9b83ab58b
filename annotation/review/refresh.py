"""New predictions for tasks that are there already; annotations and pages that are open stay whole."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from annotation.review.answers import UnansweredError
from annotation.review.client import Client, Json, Project
from annotation.review.parcel import Parcel
from curation.errors import ReviewError

#: How often predictions are added whose confirmation gets lost.
ATTEMPTS = 3


def refresh(
    client: Client, project: Project, changed: Sequence[Parcel], tasks: Mapping[str, int], *, pause: float
) -> set[str]:
    """The records whose tasks are gone; all others' tasks have the parcels' predictions afterwards.

    A prediction of the same model version is changed in place, since the page of somebody at work refers to
    it by its id and could not be saved without it; one of a new version is added beside the older ones.
    """
    for _ in range(ATTEMPTS):
        there = {task["id"]: task for task in client.tasks_by_id(project.id, tasks.values())}
        gone = {one.record_id for one in changed if tasks[one.record_id] not in there}
        present = [one for one in changed if one.record_id not in gone]
        try:
            _bring_up_to_date(client, project, present, tasks, there)
        except UnansweredError:
            time.sleep(pause)
        else:
            return gone
    raise ReviewError(
        f"expected Label Studio to confirm new predictions of {len(changed)} tasks, it did not in "
        f"{ATTEMPTS} attempts; look at its log and push again"
    )


def _bring_up_to_date(
    client: Client,
    project: Project,
    present: Sequence[Parcel],
    tasks: Mapping[str, int],
    there: Mapping[int, Json],
) -> None:
    additions: list[Json] = []
    for parcel in present:
        task = there[tasks[parcel.record_id]]
        if any(task["data"].get(name) != value for name, value in parcel.task["data"].items()):
            client.update_task(task["id"], data=task["data"] | parcel.task["data"])
        for wanted in parcel.predictions:
            same = [one for one in task["predictions"] if one["model_version"] == wanted["model_version"]]
            for one in same:
                if one["result"] != wanted["result"]:
                    client.update_prediction(one["id"], {**wanted, "task": task["id"]})
            if not same:
                additions.append({**wanted, "task": task["id"]})
    if additions:
        client.import_predictions(project.id, additions)
