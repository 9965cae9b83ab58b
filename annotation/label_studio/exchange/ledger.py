"""Our own record of what Label Studio has: written before a request leaves, and again when it is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from annotation.label_studio.exchange.repeats import ledger_name, task_key
from annotation.label_studio.exchange.task_payload import Parcel
from curation.store import ReviewTask, Store

#: The ledger's word for a record that Label Studio would not take.
REFUSED = "refused"

#: Between what was pushed and for how many annotators, when it is not for one.
FOR = " for "


class Ledger:
    """The store's review tasks of one project, repeats too, by what the tasks call their records."""

    def __init__(self, store: Store, project: str) -> None:
        self._store = store
        self._project = project
        self._repeats: dict[str, int] = {}
        self._entries: dict[str, ReviewTask] = {}
        for repeat, found in _kept(store, project):
            entries = {task_key(record_id, repeat): entry for record_id, entry in found.items()}
            self._entries |= entries
            if repeat:
                self._repeats |= dict.fromkeys(entries, repeat)

    @property
    def confirmed(self) -> int:
        """How many records are known to have a task."""
        return sum(entry.task_id is not None for entry in self._entries.values())

    @property
    def begun(self) -> bool:
        """Whether there are records that were sent and not confirmed."""
        return any(_is_begun(entry) for entry in self._entries.values())

    @property
    def sent(self) -> list[str]:
        """What all tasks that were ever sent call their records."""
        return list(self._entries)

    def record(self, key: str) -> str:
        """The id of the record that a task names."""
        return self._entries[key].record_id if key in self._repeats else key

    def repeat(self, key: str) -> int:
        """The number of a repeat; 0 for a task that is none."""
        return self._repeats.get(key, 0)

    def task(self, key: str) -> int | None:
        """The task, if there is known to be one."""
        entry = self._entries.get(key)
        return entry.task_id if entry else None

    def is_current(self, parcel: Parcel) -> bool:
        """Whether the record's task has what the parcel holds, and is for as many annotators or more."""
        entry = self._entries.get(parcel.key)
        if entry is None or entry.task_id is None:
            return False
        pushed, _, annotators = entry.pushed.partition(FOR)
        return pushed == parcel.digest and int(annotators or 1) >= parcel.annotators

    def unsettled(self, parcels: Iterable[Parcel], seconds: float) -> bool:
        """Whether one of the records was sent, without an answer, less than so many seconds ago."""
        now = datetime.now(UTC)
        entries = [self._entries.get(one.key) for one in parcels]
        return any(
            entry is not None and _is_begun(entry) and (now - entry.updated).total_seconds() < seconds
            for entry in entries
        )

    def begin(self, parcels: Sequence[Parcel]) -> None:
        """The parcels are about to leave."""
        self._note(parcels, lambda one: (None, one.digest))

    def confirm(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        """The tasks have what the parcels hold."""
        self._note(parcels, lambda one: (tasks[one.key], _what(one)))

    def find(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        """There are tasks, with what they were once sent with, or with nobody knows what."""
        self._note(parcels, lambda one: (tasks[one.key], self._sent(one)))

    def doubt(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        """The tasks are about to be changed."""
        self._note(parcels, lambda one: (tasks[one.key], ""))

    def refuse(self, parcel: Parcel) -> None:
        """Label Studio would not take the record."""
        self._note([parcel], lambda one: (None, REFUSED))

    def move(self, key: str, task: int) -> None:
        """The task is another one."""
        if self.task(key) != task:
            self._put([self._entries[key].model_copy(update={"task_id": task})], repeat=self.repeat(key))

    def versions(self) -> Counter[str]:
        """How many tasks have each model version as their first prediction."""
        shown = (one for one in self._entries.values() if one.task_id is not None and one.predictions)
        return Counter(entry.predictions[0] for entry in shown)

    def _sent(self, parcel: Parcel) -> str:
        entry = self._entries.get(parcel.key)
        return entry.pushed if entry else ""

    def _note(self, parcels: Sequence[Parcel], what: Callable[[Parcel], tuple[int | None, str]]) -> None:
        for repeat, some in groupby(sorted(parcels, key=_repeat), key=_repeat):
            self._put([self._entry(one, *what(one)) for one in some], repeat=repeat)

    def _entry(self, parcel: Parcel, task_id: int | None, pushed: str) -> ReviewTask:
        return ReviewTask(
            record_id=parcel.record_id,
            project=ledger_name(self._project, parcel.repeat),
            task_id=task_id,
            pushed=pushed,
            predictions=parcel.versions,
            updated=datetime.now(UTC),
        )

    def _put(self, entries: Sequence[ReviewTask], *, repeat: int) -> None:
        self._store.put_review_tasks(ledger_name(self._project, repeat), entries)
        by_key = {task_key(entry.record_id, repeat): entry for entry in entries}
        self._entries |= by_key
        if repeat:
            self._repeats |= dict.fromkeys(by_key, repeat)


def _kept(store: Store, project: str) -> Iterator[tuple[int, dict[str, ReviewTask]]]:
    """What the store has of the project, and of each of its repeats."""
    every = set(store.review_projects())
    numbers = (int(name) for one in every if (name := one.removeprefix(f"{project} repeat ")).isdecimal())
    for repeat in (0, *sorted(numbers)):
        yield repeat, store.review_tasks(ledger_name(project, repeat))


def _what(parcel: Parcel) -> str:
    return parcel.digest if parcel.annotators == 1 else f"{parcel.digest}{FOR}{parcel.annotators}"


def _repeat(parcel: Parcel) -> int:
    return parcel.repeat


def _is_begun(entry: ReviewTask) -> bool:
    return entry.task_id is None and entry.pushed != REFUSED
