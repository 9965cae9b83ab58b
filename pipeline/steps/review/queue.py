"""The review queue, over a whole workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from annotation.label_studio.exchange.push import Pushed
from annotation.label_studio.exchange.task_payload import Wanted
from annotation.queue.plan import Queue, plan
from annotation.queue.queue_files import keep, queued, queues
from annotation.queue.record_summary import Sketch, sketches
from annotation.queue.reviewed import reviewed_records
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import Known
from annotation.queue.stopping import Stopping, stopping
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.review.push import push_records
from pipeline.workspace import Workspace

#: Where queues are kept in a workspace.
FOLDER = "runs"


def make_queue(workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress, **changed: object) -> Queue:
    """The next queue of the workspace, kept in a file; `changed` are settings that differ this once."""
    review = workspace.config.review
    settings = QueueSettings.model_validate(review.queue.model_dump() | changed)
    folder = workspace.place(FOLDER)
    with recorded(workspace, store, "review queue", settings=settings.model_dump(mode="json")) as outcome:
        made = queues(folder)
        known = Known(_sketched(store, review.layers, settings, progress), reviewed_records(store, review.layers))
        number = 1 + max((queue.number for queue in made), default=0)
        queue = plan(known, settings, queued=queued(folder), number=number, layers=review.layers)
        outcome["places"] = dict(Counter(one.signal for one in queue.places))
        if queue.places:
            outcome["file"] = keep(queue, folder).name
    return queue


def push_queues(workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress) -> Pushed:
    """All queued records in Label Studio, in the order of their queues; what is there already stays as it is."""
    return push_records(workspace, store, ids=list(wanted(queues(workspace.place(FOLDER)))), progress=progress)


def wanted(made: Iterable[Queue]) -> Iterator[Wanted]:
    """What the queues want people to see, in order: a record that comes again is its first, second ... repeat."""
    repeats: Counter[str] = Counter()
    for place in (place for queue in made for place in queue.places):
        repeats[place.record_id] += place.is_repeat
        yield Wanted(place.record_id, place.annotators, repeats[place.record_id] if place.is_repeat else 0)


def people_wanted(workspace: Workspace) -> dict[str, int]:
    """Of how many people each queued record wants a review."""
    return {one.record_id: one.annotators for one in wanted(queues(workspace.place(FOLDER))) if not one.repeat}


def when_to_stop(workspace: Workspace, store: Store) -> Stopping:
    """What the control samples say about the records that nobody has reviewed."""
    review = workspace.config.review
    return stopping(queues(workspace.place(FOLDER)), reviewed_records(store, review.layers), review.queue)


def _sketched(store: Store, layers: tuple[str, ...], settings: QueueSettings, progress: ProgressBar) -> list[Sketch]:
    found: list[Sketch] = []
    with progress("look at the records", sum(store.count_records().values())) as advance:
        for one in sketches(store, layers, seed=settings.seed):
            found.append(one)
            advance(1)
    return found
