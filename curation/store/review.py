"""What was pushed to Label Studio, and up to when its answers were read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa
from pydantic import Field

from curation.batches import batched
from curation.record import Frozen, digest
from curation.store.engine import CHUNK, Connected
from curation.store.tables import review_cursors, review_events, review_tasks


class ReviewTask(Frozen):
    """A record's task in a project; without a task id, a push that was begun and not confirmed."""

    record_id: str
    project: str
    task_id: int | None = None
    pushed: str = ""
    predictions: tuple[str, ...] = ()
    updated: datetime = Field(default_factory=lambda: datetime.now(UTC))


class ReviewEvent(Frozen):
    """Something of Label Studio's that was refused or whose author is in doubt, with its content, or was deleted."""

    project: str
    kind: Literal["refused", "deleted", "in_doubt"]
    task_id: int
    annotation_id: int | None = None
    record_id: str | None = None
    reasons: tuple[str, ...] = ()
    #: What was refused or is in doubt, as JSON in ASCII: it may hold what no database takes as text.
    content: str | None = None
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def digest(self) -> str:
        """A hash of what happened, without the time at which it was noticed."""
        return digest(self.model_dump(mode="json", exclude={"created"}), length=32)


class ReviewLedger(Connected):
    """The ledger by which a push gives a record one task only."""

    def review_tasks(self, project: str) -> dict[str, ReviewTask]:
        """The tasks of a project by their records."""
        query = sa.select(review_tasks).where(review_tasks.c.project == project)
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        tasks = [ReviewTask.model_validate({**row, "predictions": json.loads(row["predictions"])}) for row in rows]
        return {task.record_id: task for task in tasks}

    def records_with_tasks(self, project: str) -> list[str]:
        """The records whose task in a project has a number, since Label Studio has it."""
        query = sa.select(review_tasks.c.record_id).where(
            review_tasks.c.project == project, review_tasks.c.task_id.is_not(None)
        )
        with self.read() as connection:
            return list(connection.execute(query).scalars())

    def review_projects(self) -> list[str]:
        """The names under which tasks are noted."""
        query = sa.select(review_tasks.c.project).distinct().order_by(review_tasks.c.project)
        with self.read() as connection:
            return list(connection.execute(query).scalars())

    def review_mark(self) -> list[str]:
        """Words that change with every task that is noted, changed or forgotten."""
        marks = (sa.func.count(), sa.func.max(review_tasks.c.updated), sa.func.sum(review_tasks.c.task_id))
        with self.read() as connection:
            return list(map(str, connection.execute(sa.select(*marks)).one()))

    def put_review_tasks(self, project: str, tasks: Iterable[ReviewTask]) -> None:
        """Note tasks, in place of what was noted on the same records."""
        for batch in batched(tasks, CHUNK):
            rows = [
                task.model_dump(mode="json") | {"project": project, "predictions": json.dumps(task.predictions)}
                for task in batch
            ]
            with self.write() as connection:
                self.upsert(connection, review_tasks, rows)

    def review_cursor(self, project: str) -> str | None:
        """Up to when the project's annotations were read, as it was noted."""
        query = sa.select(review_cursors.c.cursor).where(review_cursors.c.project == project)
        with self.read() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def set_review_cursor(self, project: str, cursor: str) -> None:
        """Note up to when the project's annotations were read."""
        with self.write() as connection:
            self.upsert(connection, review_cursors, [{"project": project, "cursor": cursor}])

    def add_review_events(self, events: Iterable[ReviewEvent]) -> list[ReviewEvent]:
        """The events that were new and are stored now. No stored event is ever changed or removed."""
        added: list[ReviewEvent] = []
        for batch in batched(events, CHUNK):
            unique = {event.digest: event for event in batch}
            query = sa.select(review_events.c.digest).where(review_events.c.digest.in_(list(unique)))
            with self.write() as connection:
                stored = set(connection.execute(query).scalars())
                fresh = {digest: event for digest, event in unique.items() if digest not in stored}
                rows = [
                    event.model_dump(mode="json") | {"digest": digest, "reasons": json.dumps(event.reasons)}
                    for digest, event in fresh.items()
                ]
                if rows:
                    # Another process may have stored the same meanwhile.
                    connection.execute(self._insert(review_events).on_conflict_do_nothing(), rows)
            added += fresh.values()
        return added

    def review_events(self, project: str, *, kind: str | None = None) -> list[ReviewEvent]:
        """What was refused, deleted or in doubt in a project, oldest first."""
        query = sa.select(review_events).where(review_events.c.project == project).order_by(review_events.c.seq)
        if kind is not None:
            query = query.where(review_events.c.kind == kind)
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            ReviewEvent.model_validate(
                {name: value for name, value in row.items() if name not in ("seq", "digest", "reasons")}
                | {"reasons": json.loads(row["reasons"])}
            )
            for row in rows
        ]
