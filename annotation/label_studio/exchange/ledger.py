"""Our record of the tasks in Label Studio: written before a request is sent, and again when it is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from annotation.label_studio.exchange.repeats import ledger_name, task_key
from annotation.label_studio.exchange.task_payload import TaskPayload
from curation.store import ReviewTask, Store

#: Stands in the ledger for a record that Label Studio refused.
REFUSED = "refused"

#: Stands between the digest and the number of annotators, where that is not 1.
FOR = " for "


class Ledger:
    """The store's review tasks of one project, hidden repeats included, by the record keys of the tasks."""

    def __init__(self, store: Store, project: str) -> None:
        self._store = store
        self._project = project
        self._repeats: dict[str, int] = {}
        self._entries: dict[str, ReviewTask] = {}
        for repeat, found in _stored_entries(store, project):
            entries = {task_key(record_id, repeat): entry for record_id, entry in found.items()}
            self._entries |= entries
            if repeat:
                self._repeats |= dict.fromkeys(entries, repeat)

    @property
    def confirmed(self) -> int:
        """The number of records with a confirmed task."""
        return sum(entry.task_id is not None for entry in self._entries.values())

    @property
    def begun(self) -> bool:
        """Whether there are records that were sent and not confirmed."""
        return any(_is_begun(entry) for entry in self._entries.values())

    @property
    def sent(self) -> list[str]:
        """The record keys of all tasks that were ever sent."""
        return list(self._entries)

    def record(self, key: str) -> str:
        """The id of the record that a task's key stands for."""
        return self._entries[key].record_id if key in self._repeats else key

    def repeat(self, key: str) -> int:
        """The number of the repeat; 0 for a task that is none."""
        return self._repeats.get(key, 0)

    def task(self, key: str) -> int | None:
        """The id of the confirmed task, if there is one."""
        entry = self._entries.get(key)
        return entry.task_id if entry else None

    def is_current(self, payload: TaskPayload) -> bool:
        """Whether the record's task has the payload's content, and is for at least as many annotators."""
        entry = self._entries.get(payload.key)
        if entry is None or entry.task_id is None:
            return False
        pushed, _, annotators = entry.pushed.partition(FOR)
        return pushed == payload.digest and int(annotators or 1) >= payload.annotators

    def unsettled(self, payloads: Iterable[TaskPayload], seconds: float) -> bool:
        """Whether one of the records was sent less than so many seconds ago and is not confirmed."""
        now = datetime.now(UTC)
        entries = [self._entries.get(payload.key) for payload in payloads]
        return any(
            entry is not None and _is_begun(entry) and (now - entry.updated).total_seconds() < seconds
            for entry in entries
        )

    def begin(self, payloads: Sequence[TaskPayload]) -> None:
        """Note that the payloads are about to be sent."""
        self._note(payloads, lambda payload: (None, payload.digest))

    def confirm(self, payloads: Sequence[TaskPayload], tasks: Mapping[str, int]) -> None:
        """Note that the tasks have the content of the payloads."""
        self._note(payloads, lambda payload: (tasks[payload.key], _digest_for_annotators(payload)))

    def find(self, payloads: Sequence[TaskPayload], tasks: Mapping[str, int]) -> None:
        """Note tasks that were found, with the content they were sent with, or with unknown content."""
        self._note(payloads, lambda payload: (tasks[payload.key], self._sent_digest(payload)))

    def doubt(self, payloads: Sequence[TaskPayload], tasks: Mapping[str, int]) -> None:
        """Note that the tasks are about to be changed."""
        self._note(payloads, lambda payload: (tasks[payload.key], ""))

    def refuse(self, payload: TaskPayload) -> None:
        """Note that Label Studio refused the record."""
        self._note([payload], lambda payload: (None, REFUSED))

    def move(self, key: str, task: int) -> None:
        """Note another task for the key."""
        if self.task(key) != task:
            self._put([self._entries[key].model_copy(update={"task_id": task})], repeat=self.repeat(key))

    def versions(self) -> Counter[str]:
        """The number of tasks by the model version of their first prediction."""
        shown = (entry for entry in self._entries.values() if entry.task_id is not None and entry.predictions)
        return Counter(entry.predictions[0] for entry in shown)

    def usual_version(self) -> str:
        """The version of most tasks, empty where none has a prediction."""
        found = self.versions()
        return min(found, key=lambda name: (-found[name], name), default="")

    def _sent_digest(self, payload: TaskPayload) -> str:
        entry = self._entries.get(payload.key)
        return entry.pushed if entry else ""

    def _note(self, payloads: Sequence[TaskPayload], state: Callable[[TaskPayload], tuple[int | None, str]]) -> None:
        """Write each payload's task id and digest, as ``state`` gives them."""
        for repeat, group in groupby(sorted(payloads, key=_repeat_of), key=_repeat_of):
            self._put([self._entry(payload, *state(payload)) for payload in group], repeat=repeat)

    def _entry(self, payload: TaskPayload, task_id: int | None, pushed: str) -> ReviewTask:
        return ReviewTask(
            record_id=payload.record_id,
            project=ledger_name(self._project, payload.repeat),
            task_id=task_id,
            pushed=pushed,
            predictions=payload.versions,
            updated=datetime.now(UTC),
        )

    def _put(self, entries: Sequence[ReviewTask], *, repeat: int) -> None:
        self._store.put_review_tasks(ledger_name(self._project, repeat), entries)
        by_key = {task_key(entry.record_id, repeat): entry for entry in entries}
        self._entries |= by_key
        if repeat:
            self._repeats |= dict.fromkeys(by_key, repeat)


def _stored_entries(store: Store, project: str) -> Iterator[tuple[int, dict[str, ReviewTask]]]:
    """The store's entries of the project and of each of its repeats, by the number of the repeat."""
    projects = set(store.review_projects())
    numbers = (int(number) for key in projects if (number := key.removeprefix(f"{project} repeat ")).isdecimal())
    for repeat in (0, *sorted(numbers)):
        yield repeat, store.review_tasks(ledger_name(project, repeat))


def _digest_for_annotators(payload: TaskPayload) -> str:
    return payload.digest if payload.annotators == 1 else f"{payload.digest}{FOR}{payload.annotators}"


def _repeat_of(payload: TaskPayload) -> int:
    return payload.repeat


def _is_begun(entry: ReviewTask) -> bool:
    return entry.task_id is None and entry.pushed != REFUSED
