"""New predictions for existing tasks; annotations and open pages stay intact."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.api.errors import UnansweredError
from annotation.label_studio.exchange.task_payload import TaskPayload
from curation.errors import ReviewError

#: Single changes sent at the same time: more of them only wait for the server's database.
SENDERS = 4

#: How often predictions are sent when their confirmation is lost.
ATTEMPTS = 3


def refresh(
    client: Client, project: Project, changed: Sequence[TaskPayload], tasks: Mapping[str, int], *, pause: float
) -> set[str]:
    """The keys of the tasks that were deleted; all others have their payloads' predictions and annotators afterwards.

    A prediction of a new model version is added beside the older ones, for all tasks in one request. One of the
    same version is changed in place, in a request each: an open page refers to it by its id and could not be saved
    without it. The number of annotators is only raised.
    """
    for _ in range(ATTEMPTS):
        existing = {task["id"]: task for task in client.tasks_by_id(project.id, tasks.values())}
        gone = {payload.key for payload in changed if tasks[payload.key] not in existing}
        present = [(payload, existing[tasks[payload.key]]) for payload in changed if payload.key not in gone]
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


def _bring_up_to_date(client: Client, project: Project, present: Sequence[tuple[TaskPayload, Json]]) -> None:
    additions: list[Json] = []
    changes: list[Callable[[], None]] = []
    for payload, task in present:
        if any(task["data"].get(name) != value for name, value in payload.task["data"].items()):
            changes.append(partial(client.update_task, task["id"], data=task["data"] | payload.task["data"]))
        for new in payload.predictions:
            same = [
                prediction for prediction in task["predictions"] if prediction["model_version"] == new["model_version"]
            ]
            body = {**new, "task": task["id"]}
            changes += [
                partial(client.update_prediction, prediction["id"], body)
                for prediction in same
                if prediction["result"] != new["result"]
            ]
            if not same:
                additions.append(body)
        if task["overlap"] < payload.annotators:
            changes.append(partial(client.share_task, task, payload.annotators))
    if additions:
        client.import_predictions(project.id, additions)
    with ThreadPoolExecutor(SENDERS) as pool:
        # All of them are waited for; the first that failed is raised.
        for future in [pool.submit(change) for change in changes]:
            future.result()
