"""The review queue, over a whole workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from annotation.label_studio.exchange.push import Pushed
from annotation.label_studio.exchange.task_payload import TaskRequest
from annotation.label_studio.shown_layers import shown_layers
from annotation.queue.plan import Queue, plan
from annotation.queue.queue_files import FOLDER, queued_record_ids, queues, save_queue
from annotation.queue.record_summary import RecordSummary, record_summaries
from annotation.queue.reviewed import reviewed_records
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import RecordPool
from annotation.queue.stopping import Stopping, stopping
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.review.push import push_records
from pipeline.workspace import Workspace


def make_queue(workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress, **changed: object) -> Queue:
    """The next queue of the workspace, kept in a file; `changed` are settings that differ this once."""
    review = workspace.config.review
    settings = QueueSettings.model_validate(review.queue.model_dump() | changed)
    folder = workspace.subfolder(FOLDER)
    with recorded(workspace, store, "review queue", settings=settings.model_dump(mode="json")) as outcome:
        made = queues(folder)
        layers = shown_layers(store, review)
        pool = RecordPool(_summaries(store, layers, settings, progress), reviewed_records(store, layers))
        number = 1 + max((queue.number for queue in made), default=0)
        queue = plan(pool, settings, queued=queued_record_ids(folder), number=number, layers=layers)
        outcome["places"] = dict(Counter(entry.signal for entry in queue.entries))
        if queue.entries:
            outcome["file"] = save_queue(queue, folder).name
    return queue


def push_queues(workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress) -> Pushed:
    """All queued records in Label Studio, in the order of their queues; what is there already stays as it is."""
    tasks = list(queued_tasks(queues(workspace.subfolder(FOLDER))))
    return push_records(workspace, store, ids=tasks, progress=progress)


def queued_tasks(made: Iterable[Queue]) -> Iterator[TaskRequest]:
    """The queued tasks in order: a record that comes again is its first, second ... repeat."""
    repeats: Counter[str] = Counter()
    for entry in (entry for queue in made for entry in queue.entries):
        repeats[entry.record_id] += entry.is_repeat
        yield TaskRequest(entry.record_id, entry.annotators, repeats[entry.record_id] if entry.is_repeat else 0)


def when_to_stop(workspace: Workspace, store: Store) -> Stopping:
    """The estimate of the control samples for the records that have no review."""
    review = workspace.config.review
    reviewed = reviewed_records(store, shown_layers(store, review))
    return stopping(queues(workspace.subfolder(FOLDER)), reviewed, review.queue)


def _summaries(
    store: Store, layers: tuple[str, ...], settings: QueueSettings, progress: ProgressBar
) -> list[RecordSummary]:
    found: list[RecordSummary] = []
    with progress("look at the records", sum(store.count_records().values())) as advance:
        for summary in record_summaries(store, layers, seed=settings.seed):
            found.append(summary)
            advance(1)
    return found
