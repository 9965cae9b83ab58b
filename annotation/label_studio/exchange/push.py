"""Records and their pre-annotations to Label Studio, each exactly once.

Label Studio doubles whatever is imported twice. So the ledger says "begun" before a request leaves, and what
was begun and not confirmed is first looked for on the server. A request whose answer was lost may still be
at work there: it is given time to settle before its records count as missing.
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
from annotation.label_studio.exchange.task_payload import NotSent, Parcel, Wanted, parcels
from annotation.label_studio.process_lock import process_lock
from annotation.label_studio.settings import LabelStudioSettings
from curation.batches import batched
from curation.cache_folder import cache_folder
from curation.errors import ReviewError
from curation.record import digest
from curation.scheme import Scheme
from curation.store import Store

#: How often a batch is sent whose answers get lost.
ATTEMPTS = 3

#: Seconds between two looks for tasks that may be on their way.
LOOK = 0.25

#: Bytes of a request; Label Studio takes 250 million and holds them several times over.
MOST_BYTES = 64_000_000

#: Statuses by which Label Studio says that it dislikes what was sent.
BAD_CONTENT = (400, 413, 422)

Progress = Callable[[int], None]
Batch = list[Parcel | NotSent]
Prepared = tuple[Batch, dict[str, bytes]]


@dataclass(slots=True)
class Pushed:
    """What a push did; refused are pairs of a record's id and the reason, waiting records are not validated yet."""

    project: str
    created: int = 0
    unchanged: int = 0
    waiting: int = 0
    refreshed: int = 0
    found: int = 0
    doubles_removed: int = 0
    model_version: str = ""
    refused: list[tuple[str, str]] = field(default_factory=list)


def push(
    store: Store,
    client: Client,
    scheme: Scheme,
    settings: LabelStudioSettings,
    *,
    ids: Iterable[str | Wanted] | None = None,
    layers: Sequence[str] | None = None,
    progress: Progress = lambda count: None,
) -> Pushed:
    """Every record that may be reviewed is a task once, with the predictions of its layers as they are now.

    ``ids`` are the only records that count, in their order; a `Wanted` among them says for how many annotators,
    or that the record comes again as a hidden repeat. ``layers`` are shown side by side, each as predictions of
    a model version of its own; without them the first `review.shown` of `review.layers` are.

    Annotations are never touched. Safe to repeat, also after a kill at any moment. A record that may not go to a Label
    Studio on another machine is among the refused. Raises ReviewError when Label Studio cannot be reached or does not
    confirm; what was confirmed until then stays noted. Raises EgressBlockedError when nothing may go there.
    """
    wanted = None if ids is None else [Wanted(one) if isinstance(one, str) else one for one in ids]
    project = ensure_project(client, scheme, settings)
    outgoing = parcels(store, scheme, settings, wanted=wanted, layers=layers)
    return send(store, client, settings, project, outgoing, progress=progress)


def send(
    store: Store,
    client: Client,
    settings: LabelStudioSettings,
    project: Project,
    outgoing: Iterable[Parcel | NotSent],
    *,
    progress: Progress = lambda count: None,
) -> Pushed:
    """`push` for parcels that are made already, into any project."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
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
        self._written: dict[str, bytes] = {}
        self._passage = client.passage
        self._doubtful = self._ledger.begun
        #: Whether the server may have tasks that the ledger does not know.
        self._look_first = self._doubtful or project.tasks != self._ledger.confirmed

    def run(self, outgoing: Iterable[Parcel | NotSent], progress: Progress) -> Pushed:
        """Send what is new, refresh what has changed, and say what was done."""
        for batch, written in _ahead(self._prepared(outgoing)):
            self._written = written
            kept = [one for one in batch if isinstance(one, NotSent)]
            self._done.waiting += sum(one.waits for one in kept)
            self._done.refused += [(one.record_id, one.reason) for one in kept if not one.waits]
            self._batch([one for one in batch if isinstance(one, Parcel)])
            progress(len(batch))
        if self._doubtful:
            self._remove_doubles()
        self._show_predictions()
        return self._done

    def _prepared(self, outgoing: Iterable[Parcel | NotSent]) -> Iterator[Prepared]:
        """Batches, with the JSON of those tasks that will be new."""
        for batch in batched(outgoing, self._settings.batch_size):
            new = [one for one in batch if isinstance(one, Parcel) and self._ledger.task(one.key) is None]
            yield batch, {one.key: encoded(one.task) for one in new}

    def _batch(self, batch: Sequence[Parcel]) -> None:
        fresh = [one for one in batch if self._ledger.task(one.key) is None]
        if fresh and self._look_first:
            fresh = self._find(fresh)
        sending = {one.key for one in fresh}
        changed = [one for one in batch if one.key not in sending and not self._ledger.is_current(one)]
        self._done.unchanged += len(batch) - len(fresh) - len(changed)
        for load in loads(self._leaving(fresh)):
            self._send(load)
        if leaving := self._leaving(changed):
            self._refresh(leaving)

    def _leaving(self, batch: Sequence[Parcel]) -> Sequence[Parcel]:
        """Those that may leave this machine, where they have to; the others are refused."""
        if self._passage is None or not batch:
            return batch
        counts = self._passage.screen(one.outgoing for one in batch)
        held = {one.key: count for one, count in zip(batch, counts, strict=True) if count}
        self._done.refused += [(one.record_id, self._passage.reason(held[one.key])) for one in batch if one.key in held]
        return [one for one in batch if one.key not in held]

    def _send(self, batch: Sequence[Parcel]) -> None:
        missing = list(batch)
        for _ in range(ATTEMPTS):
            self._ledger.begin(missing)
            try:
                made = self._client.import_tasks(
                    self._project.id, [self._written.get(one.key) or one.task for one in missing]
                )
            except UnansweredError:
                missing = self._look_for(missing)
            except RefusedError as error:
                return self._split(missing, error)
            else:
                self._created(missing, {one.key: id for one, id in zip(missing, made, strict=True)})
                return None
            if not missing:
                return None
        raise ReviewError(
            f"expected Label Studio to confirm {len(missing)} records, it did not in {ATTEMPTS} "
            "attempts; look at its log and push again: nothing will be doubled"
        )

    def _created(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        # An import leaves every task to one annotator, whatever it says: this is a second step.
        shared = [one for one in parcels if one.annotators > 1]
        self._ledger.confirm([one for one in parcels if one.annotators == 1], tasks)
        self._done.created += len(parcels)
        if shared:
            self._ledger.doubt(shared, tasks)
            self._bring_up_to_date(shared)

    def _look_for(self, batch: list[Parcel]) -> list[Parcel]:
        """Those of a batch sent without an answer that did not arrive."""
        self._doubtful = True
        # Begun anew, because the time to settle runs from now.
        self._ledger.begin(batch)
        missing = self._find(batch)
        there = [one for one in batch if self._ledger.task(one.key) is not None]
        self._done.found -= len(there)
        self._done.created += len(there)
        if shared := [one for one in there if one.annotators > 1]:
            self._bring_up_to_date(shared)
        return missing

    def _split(self, batch: Sequence[Parcel], error: RefusedError) -> None:
        """Send the halves, so that one bad record does not keep the others out."""
        if error.status not in BAD_CONTENT:
            raise error
        if len(batch) > 1:
            self._send(batch[: len(batch) // 2])
            self._send(batch[len(batch) // 2 :])
            return
        self._done.refused.append((batch[0].record_id, str(error)))
        self._ledger.refuse(batch[0])

    def _find(self, batch: Sequence[Parcel]) -> list[Parcel]:
        """Those of the batch that the server surely does not have; the others are noted with their tasks."""
        missing = list(batch)
        while missing:
            there = self._client.tasks_of(self._project.id, [one.key for one in missing])
            found = [one for one in missing if one.key in there]
            self._ledger.find(found, {key: _best(tasks)["id"] for key, tasks in there.items()})
            self._done.found += len(found)
            missing = [one for one in missing if one.key not in there]
            if not self._ledger.unsettled(missing, self._settle):
                break
            time.sleep(LOOK)
        return missing

    @property
    def _settle(self) -> float:
        return self._settings.settle_base + self._settings.settle_per_record * self._settings.batch_size

    def _refresh(self, changed: Sequence[Parcel]) -> None:
        self._ledger.doubt(changed, {one.key: self._ledger.task(one.key) or 0 for one in changed})
        self._done.refreshed += self._bring_up_to_date(changed)

    def _bring_up_to_date(self, doubted: Sequence[Parcel]) -> int:
        """How many tasks have what their parcels hold now; the others are gone."""
        tasks = {one.key: self._ledger.task(one.key) or 0 for one in doubted}
        gone = refresh(self._client, self._project, doubted, tasks, pause=self._settings.settle_base)
        there = [one for one in doubted if one.key not in gone]
        self._ledger.confirm(there, tasks)
        lost = sorted(one.record_id for one in doubted if one.key in gone)
        self._done.refused += [(id, "its task was deleted in Label Studio") for id in lost]
        return len(there)

    def _remove_doubles(self) -> None:
        """Of several tasks of a record, keep the one that people worked on, or else the first."""
        if self._client.project(self._project.id).tasks == self._ledger.confirmed:
            return
        for key, tasks in self._client.tasks_of(self._project.id, self._ledger.sent).items():
            keep = _best(tasks)["id"]
            idle = [task["id"] for task in tasks if task["id"] != keep and not _is_touched(task)]
            self._client.delete_tasks(idle)
            self._done.doubles_removed += len(idle)
            self._ledger.move(key, keep)

    def _show_predictions(self) -> None:
        # The label stream shows predictions of one version only: the one that most tasks have.
        versions = self._ledger.versions()
        if not versions:
            return
        self._done.model_version = version = min(versions, key=lambda one: (-versions[one], one))
        # A project that shows what our live back end predicts goes on doing so.
        if self._client.project(self._project.id).model_version not in (version, BACKEND_TITLE):
            self._client.update_project(self._project.id, model_version=version)


def loads(parcels: Iterable[Parcel], *, limit: int = MOST_BYTES) -> Iterator[list[Parcel]]:
    """The parcels in as few requests as fit: one that is too large is answered by an error that explains nothing."""
    load: list[Parcel] = []
    weight = 0
    for one in parcels:
        if load and weight + one.weight > limit:
            yield load
            load, weight = [], 0
        load.append(one)
        weight += one.weight
    if load:
        yield load


def _ahead(batches: Iterator[Prepared]) -> Iterator[Prepared]:
    """The batches, each made ready while Label Studio is at work on the one before."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _is_touched(task: Json) -> bool:
    return any(task.get(count) for count in ("total_annotations", "cancelled_annotations", "drafts"))


def _best(tasks: Sequence[Json]) -> Json:
    return min(tasks, key=lambda task: (not _is_touched(task), task["id"]))
