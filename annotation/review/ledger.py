"""Our own record of what Label Studio has: written before a request leaves, and again when it is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from annotation.review.parcel import Parcel
from curation.store import ReviewTask, Store

#: The ledger's word for a record that Label Studio would not take.
REFUSED = "refused"


class Ledger:
    """The store's review tasks of one project, by record."""

    def __init__(self, store: Store, project: str) -> None:
        self._store = store
        self._project = project
        self._entries = store.review_tasks(project)

    @property
    def confirmed(self) -> int:
        """How many records are known to have a task."""
        return sum(entry.task_id is not None for entry in self._entries.values())

    @property
    def begun(self) -> bool:
        """Whether there are records that were sent and not confirmed."""
        return any(_is_begun(entry) for entry in self._entries.values())

    def records(self) -> list[str]:
        """All records that were ever sent."""
        return list(self._entries)

    def task(self, record_id: str) -> int | None:
        """The record's task, if it is known to have one."""
        entry = self._entries.get(record_id)
        return entry.task_id if entry else None

    def is_current(self, parcel: Parcel) -> bool:
        """Whether the record's task has what the parcel holds."""
        entry = self._entries.get(parcel.record_id)
        return entry is not None and entry.task_id is not None and entry.pushed == parcel.digest

    def unsettled(self, parcels: Iterable[Parcel], seconds: float) -> bool:
        """Whether one of the records was sent, without an answer, less than so many seconds ago."""
        now = datetime.now(UTC)
        entries = [self._entries.get(one.record_id) for one in parcels]
        return any(
            entry is not None and _is_begun(entry) and (now - entry.updated).total_seconds() < seconds
            for entry in entries
        )

    def begin(self, parcels: Sequence[Parcel]) -> None:
        """The parcels are about to leave."""
        self._put([self._entry(one, None, one.digest) for one in parcels])

    def confirm(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        """The records' tasks have what the parcels hold."""
        self._put([self._entry(one, tasks[one.record_id], one.digest) for one in parcels])

    def find(self, parcels: Sequence[Parcel], tasks: Mapping[str, int]) -> None:
        """The records have tasks, with what they were once sent with, or with nobody knows what."""
        self._put([self._entry(one, tasks[one.record_id], self._sent(one)) for one in parcels])

    def doubt(self, parcels: Sequence[Parcel]) -> None:
        """The tasks' predictions are about to be changed."""
        self._put([self._entry(one, self.task(one.record_id), "") for one in parcels])

    def refuse(self, parcel: Parcel) -> None:
        """Label Studio would not take the record."""
        self._put([self._entry(parcel, None, REFUSED)])

    def move(self, record_id: str, task: int) -> None:
        """The record's task is another one."""
        if self.task(record_id) != task:
            self._put([self._entries[record_id].model_copy(update={"task_id": task})])

    def versions(self) -> Counter[str]:
        """How many tasks have each model version as their first prediction."""
        shown = (one for one in self._entries.values() if one.task_id is not None and one.predictions)
        return Counter(entry.predictions[0] for entry in shown)

    def _sent(self, parcel: Parcel) -> str:
        entry = self._entries.get(parcel.record_id)
        return entry.pushed if entry else ""

    def _entry(self, parcel: Parcel, task_id: int | None, pushed: str) -> ReviewTask:
        return ReviewTask(
            record_id=parcel.record_id,
            project=self._project,
            task_id=task_id,
            pushed=pushed,
            predictions=parcel.versions,
            updated=datetime.now(UTC),
        )

    def _put(self, entries: Sequence[ReviewTask]) -> None:
        self._store.put_review_tasks(self._project, entries)
        self._entries |= {entry.record_id: entry for entry in entries}


def _is_begun(entry: ReviewTask) -> bool:
    return entry.task_id is None and entry.pushed != REFUSED
