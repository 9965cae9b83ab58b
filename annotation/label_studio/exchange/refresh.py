"""New predictions for tasks that are there already; annotations and pages that are open stay whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.api.errors import UnansweredError
from annotation.label_studio.exchange.task_payload import Parcel
from curation.errors import ReviewError

#: Single changes under way at once: more of them only wait for the server's database.
SENDERS = 4

#: How often predictions are added whose confirmation gets lost.
ATTEMPTS = 3


def refresh(
    client: Client, project: Project, changed: Sequence[Parcel], tasks: Mapping[str, int], *, pause: float
) -> set[str]:
    """The keys of the tasks that are gone; all others have the parcels' predictions and annotators afterwards.

    A prediction of a new model version is added beside the older ones, all tasks' in one request. One of the same
    version is changed in place, which costs a request each: the page of somebody at work refers to it by its id and
    could not be saved without it. The number of annotators is only ever raised.
    """
    for _ in range(ATTEMPTS):
        there = {task["id"]: task for task in client.tasks_by_id(project.id, tasks.values())}
        gone = {one.key for one in changed if tasks[one.key] not in there}
        present = [(one, there[tasks[one.key]]) for one in changed if one.key not in gone]
        try:
            _bring_up_to_date(client, project, present)
        except UnansweredError:
            time.sleep(pause)
        else:
            return gone
    raise ReviewError(
        f"expected Label Studio to confirm new predictions of {len(changed)} tasks, it did not in "
        f"{ATTEMPTS} attempts; look at its log and push again"
    )


def _bring_up_to_date(client: Client, project: Project, present: Sequence[tuple[Parcel, Json]]) -> None:
    additions: list[Json] = []
    changes: list[Callable[[], None]] = []
    for parcel, task in present:
        if any(task["data"].get(name) != value for name, value in parcel.task["data"].items()):
            changes.append(partial(client.update_task, task["id"], data=task["data"] | parcel.task["data"]))
        for wanted in parcel.predictions:
            same = [one for one in task["predictions"] if one["model_version"] == wanted["model_version"]]
            body = {**wanted, "task": task["id"]}
            changes += [
                partial(client.update_prediction, one["id"], body) for one in same if one["result"] != wanted["result"]
            ]
            if not same:
                additions.append(body)
        if task["overlap"] < parcel.annotators:
            changes.append(partial(client.share_task, task, parcel.annotators))
    if additions:
        client.import_predictions(project.id, additions)
    with ThreadPoolExecutor(SENDERS) as pool:
        # All of them are waited for; the first that failed is raised.
        for one in [pool.submit(change) for change in changes]:
            one.result()
