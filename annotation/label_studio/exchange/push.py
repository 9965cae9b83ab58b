"""Records and their pre-annotations to Label Studio, each exactly once.

Label Studio makes a second task of whatever is imported twice. So the ledger holds "begun" before a request is
sent, and what was begun and not confirmed is first looked for on the server. A request whose answer was lost may
still be running there: its records count as missing only after a time to settle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from annotation.label_studio.api.client import BACKEND_TITLE, Client, Json, Project
from annotation.label_studio.api.connection import encoded
from annotation.label_studio.api.errors import RefusedError, UnansweredError
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.refresh import refresh
from annotation.label_studio.exchange.task_payload import NotSent, TaskPayload, TaskRequest, task_payloads
from annotation.label_studio.settings import LabelStudioSettings
from curation.batches import batched
from curation.cache_folder import cache_folder
from curation.errors import ReviewError
from curation.private_files import made_private
from curation.process_lock import process_lock
from curation.record import digest
from curation.scheme import Scheme
from curation.scoring.calibration import Calibrations
from curation.store import Store

#: How often a batch is sent when its answers are lost.
ATTEMPTS = 3

#: Seconds between two searches for tasks that the server may still be making.
LOOK = 0.25

#: Most bytes of a request; Label Studio accepts 250 million and holds them in memory several times.
MOST_BYTES = 64_000_000

#: Statuses by which Label Studio refuses the content of a request.
BAD_CONTENT = (400, 413, 422)

Progress = Callable[[int], None]
Batch = list[TaskPayload | NotSent]
Prepared = tuple[Batch, dict[str, bytes]]


@dataclass(slots=True)
class Pushed:
    """Counts of a push; refused are pairs of a record's id and the reason, waiting records are not validated yet, and
    those that are turned away are rejected, quarantined or replaced. Reviewed are those whose text a reviewer wrote.
    """

    project: str
    created: int = 0
    unchanged: int = 0
    waiting: int = 0
    turned_away: int = 0
    reviewed: int = 0
    refreshed: int = 0
    found: int = 0
    doubles_removed: int = 0
    model_version: str = ""
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: Predictions by whose scores they show, and how these are read: raw, temperature or isotonic.
    scores: dict[str, int] = field(default_factory=dict)


def push(
    store: Store,
    client: Client,
    scheme: Scheme,
    settings: LabelStudioSettings,
    *,
    ids: Iterable[str | TaskRequest] | None = None,
    layers: Sequence[str] | None = None,
    calibrations: Calibrations | None = None,
    progress: Progress = lambda count: None,
) -> Pushed:
    """Make one task of each record that may be reviewed, with the predictions of its current layers.

    ``ids`` limits the push to these records, in this order; a `TaskRequest` among them gives the number of
    annotators, or that the record is a hidden repeat. ``layers`` are shown side by side, each as predictions of
    its own model version; by default the first `review.shown` of `review.layers` are shown. Scores are shown by
    ``calibrations`` where one was learned.

    Annotations are never changed. A push can be repeated, also after a kill at any moment. A record that may not go to
    a Label Studio on another machine is among the refused. Raises ReviewError when Label Studio cannot be reached or
    does not confirm; what was confirmed until then stays in the ledger. Raises EgressBlockedError when nothing may go
    there.
    """
    requests = None if ids is None else [TaskRequest(id) if isinstance(id, str) else id for id in ids]
    project = ensure_project(client, scheme, settings)
    outgoing = task_payloads(store, scheme, settings, requests=requests, layers=layers, calibrations=calibrations)
    return send(store, client, settings, project, outgoing, progress=progress)


def send(
    store: Store,
    client: Client,
    settings: LabelStudioSettings,
    project: Project,
    outgoing: Iterable[TaskPayload | NotSent],
    *,
    progress: Progress = lambda count: None,
) -> Pushed:
    """`push` for payloads that are made already, into any project."""
    folder = cache_folder()
    made_private(folder)
    with process_lock(folder / f"push-{digest(project.key)}.lock"):
        return _Push(store, client, settings, project).run(outgoing, progress)


class _Push:
    """One push into one project."""

    def __init__(self, store: Store, client: Client, settings: LabelStudioSettings, project: Project) -> None:
        self._client = client
        self._settings = settings
        self._project = project
        self._ledger = Ledger(store, project.key)
        self._done = Pushed(project=project.key)
        self._encoded: dict[str, bytes] = {}
        self._passage = client.passage
        self._doubtful = self._ledger.begun
        #: Whether the server may have tasks that the ledger does not know.
        self._look_first = self._doubtful or project.tasks != self._ledger.confirmed

    def run(self, outgoing: Iterable[TaskPayload | NotSent], progress: Progress) -> Pushed:
        """Send new records, refresh changed ones, and return the counts."""
        for batch, encoded_tasks in _prepared_ahead(self._prepared(outgoing)):
            self._encoded = encoded_tasks
            skipped = [item for item in batch if isinstance(item, NotSent)]
            self._done.waiting += sum(item.waits for item in skipped)
            self._done.turned_away += sum(item.is_turned_away for item in skipped)
            self._done.reviewed += sum(item.is_reviewed for item in skipped)
            self._done.refused += [
                (item.record_id, item.reason)
                for item in skipped
                if not (item.waits or item.is_turned_away or item.is_reviewed)
            ]
            payloads = [item for item in batch if isinstance(item, TaskPayload)]
            for scores in (scores for payload in payloads for scores in payload.scores):
                self._done.scores[scores] = self._done.scores.get(scores, 0) + 1
            self._batch(payloads)
            progress(len(batch))
        if self._doubtful:
            self._remove_doubles()
        self._show_predictions()
        return self._done

    def _prepared(self, outgoing: Iterable[TaskPayload | NotSent]) -> Iterator[Prepared]:
        """Batches, each with the JSON of its new tasks by their keys."""
        for batch in batched(outgoing, self._settings.batch_size):
            new = [
                payload
                for payload in batch
                if isinstance(payload, TaskPayload) and self._ledger.task(payload.key) is None
            ]
            yield batch, {payload.key: encoded(payload.task) for payload in new}

    def _batch(self, batch: Sequence[TaskPayload]) -> None:
        fresh = [payload for payload in batch if self._ledger.task(payload.key) is None]
        if fresh and self._look_first:
            fresh = self._find(fresh)
        sending = {payload.key for payload in fresh}
        changed = [payload for payload in batch if payload.key not in sending and not self._ledger.is_current(payload)]
        self._done.unchanged += len(batch) - len(fresh) - len(changed)
        for payloads in request_batches(self._leaving(fresh)):
            self._send(payloads)
        if leaving := self._leaving(changed):
            self._refresh(leaving)

    def _leaving(self, batch: Sequence[TaskPayload]) -> Sequence[TaskPayload]:
        """Those that may leave this machine, where they have to; the others are refused."""
        if self._passage is None or not batch:
            return batch
        counts = self._passage.screen(payload.outgoing for payload in batch)
        held = {payload.key: count for payload, count in zip(batch, counts, strict=True) if count}
        self._done.refused += [
            (payload.record_id, self._passage.reason(held[payload.key])) for payload in batch if payload.key in held
        ]
        return [payload for payload in batch if payload.key not in held]

    def _send(self, batch: Sequence[TaskPayload]) -> None:
        missing = list(batch)
        for _ in range(ATTEMPTS):
            self._ledger.begin(missing)
            try:
                made = self._client.import_tasks(
                    self._project.id, [self._encoded.get(payload.key) or payload.task for payload in missing]
                )
            except UnansweredError:
                missing = self._look_for(missing)
            except RefusedError as error:
                return self._split(missing, error)
            else:
                self._created(missing, {payload.key: id for payload, id in zip(missing, made, strict=True)})
                return None
            if not missing:
                return None
        raise ReviewError(
            f"expected Label Studio to confirm {len(missing)} records, it did not in {ATTEMPTS} "
            "attempts; look at its log and push again: nothing will be doubled"
        )

    def _created(self, payloads: Sequence[TaskPayload], tasks: Mapping[str, int]) -> None:
        # An import ignores the number of annotators and sets it to 1: it is set in a second step.
        shared = [payload for payload in payloads if payload.annotators > 1]
        self._ledger.confirm([payload for payload in payloads if payload.annotators == 1], tasks)
        self._done.created += len(payloads)
        if shared:
            self._ledger.doubt(shared, tasks)
            self._bring_up_to_date(shared)

    def _look_for(self, batch: list[TaskPayload]) -> list[TaskPayload]:
        """Those payloads of a batch sent without an answer that did not arrive."""
        self._doubtful = True
        # Marked as begun again: the time to settle starts now.
        self._ledger.begin(batch)
        missing = self._find(batch)
        arrived = [payload for payload in batch if self._ledger.task(payload.key) is not None]
        self._done.found -= len(arrived)
        self._done.created += len(arrived)
        if shared := [payload for payload in arrived if payload.annotators > 1]:
            self._bring_up_to_date(shared)
        return missing

    def _split(self, batch: Sequence[TaskPayload], error: RefusedError) -> None:
        """Send the two halves: one record that is refused must not stop the others."""
        if error.status not in BAD_CONTENT:
            raise error
        if len(batch) > 1:
            self._send(batch[: len(batch) // 2])
            self._send(batch[len(batch) // 2 :])
            return
        self._done.refused.append((batch[0].record_id, str(error)))
        self._ledger.refuse(batch[0])

    def _find(self, batch: Sequence[TaskPayload]) -> list[TaskPayload]:
        """Those payloads that the server certainly has no task for; the others are noted with their tasks."""
        missing = list(batch)
        while missing:
            tasks_by_key = self._client.tasks_of(self._project.id, [payload.key for payload in missing])
            found = [payload for payload in missing if payload.key in tasks_by_key]
            self._ledger.find(found, {key: _task_to_keep(tasks)["id"] for key, tasks in tasks_by_key.items()})
            self._done.found += len(found)
            missing = [payload for payload in missing if payload.key not in tasks_by_key]
            if not self._ledger.unsettled(missing, self._settle):
                break
            time.sleep(LOOK)
        return missing

    @property
    def _settle(self) -> float:
        return self._settings.settle_base + self._settings.settle_per_record * self._settings.batch_size

    def _refresh(self, changed: Sequence[TaskPayload]) -> None:
        self._ledger.doubt(changed, {payload.key: self._ledger.task(payload.key) or 0 for payload in changed})
        self._done.refreshed += self._bring_up_to_date(changed)

    def _bring_up_to_date(self, payloads: Sequence[TaskPayload]) -> int:
        """The number of tasks that have the content of their payloads now; the others were deleted."""
        tasks = {payload.key: self._ledger.task(payload.key) or 0 for payload in payloads}
        gone = refresh(self._client, self._project, payloads, tasks, pause=self._settings.settle_base)
        refreshed = [payload for payload in payloads if payload.key not in gone]
        self._ledger.confirm(refreshed, tasks)
        lost = sorted(payload.record_id for payload in payloads if payload.key in gone)
        self._done.refused += [(id, "its task was deleted in Label Studio") for id in lost]
        return len(refreshed)

    def _remove_doubles(self) -> None:
        """Delete all tasks of a record but the one that people worked on, or else the first."""
        if self._client.project(self._project.id).tasks == self._ledger.confirmed:
            return
        for key, tasks in self._client.tasks_of(self._project.id, self._ledger.sent).items():
            keep = _task_to_keep(tasks)["id"]
            idle = [task["id"] for task in tasks if task["id"] != keep and not _is_worked_on(task)]
            self._client.delete_tasks(idle)
            self._done.doubles_removed += len(idle)
            self._ledger.move(key, keep)

    def _show_predictions(self) -> None:
        # The label stream shows predictions of one version only: the one that most tasks have.
        versions = self._ledger.versions()
        if not versions:
            return
        self._done.model_version = version = min(versions, key=lambda version: (-versions[version], version))
        # A project that shows the predictions of our live back end keeps showing them.
        if self._client.project(self._project.id).model_version not in (version, BACKEND_TITLE):
            self._client.update_project(self._project.id, model_version=version)


def request_batches(payloads: Iterable[TaskPayload], *, limit: int = MOST_BYTES) -> Iterator[list[TaskPayload]]:
    """The payloads in as few requests as the limit in bytes allows; Label Studio fails on larger ones."""
    batch: list[TaskPayload] = []
    size = 0
    for payload in payloads:
        if batch and size + payload.most_bytes > limit:
            yield batch
            batch, size = [], 0
        batch.append(payload)
        size += payload.most_bytes
    if batch:
        yield batch


def _prepared_ahead(batches: Iterator[Prepared]) -> Iterator[Prepared]:
    """The batches, each prepared while Label Studio imports the one before."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        prepared = pool.submit(next, batches, None)
        while (batch := prepared.result()) is not None:
            prepared = pool.submit(next, batches, None)
            yield batch


def _is_worked_on(task: Json) -> bool:
    return any(task.get(count) for count in ("total_annotations", "cancelled_annotations", "drafts"))


def _task_to_keep(tasks: Sequence[Json]) -> Json:
    return min(tasks, key=lambda task: (not _is_worked_on(task), task["id"]))
