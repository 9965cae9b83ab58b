"""What was pushed to Label Studio, and up to when its answers were read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import Field

from curation.batches import batched
from curation.record import Frozen
from curation.store.engine import CHUNK, Connected
from curation.store.tables import review_cursors, review_tasks


class ReviewTask(Frozen):
    """A record's task in a project; without a task id, a push that was begun and not confirmed."""

    record_id: str
    project: str
    task_id: int | None = None
    pushed: str = ""
    predictions: tuple[str, ...] = ()
    updated: datetime = Field(default_factory=lambda: datetime.now(UTC))


class ReviewLedger(Connected):
    """The ledger that keeps a push from ever doubling a record."""

    def review_tasks(self, project: str) -> dict[str, ReviewTask]:
        """The tasks of a project by their records."""
        query = sa.select(review_tasks).where(review_tasks.c.project == project)
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        tasks = [ReviewTask.model_validate({**row, "predictions": json.loads(row["predictions"])}) for row in rows]
        return {task.record_id: task for task in tasks}

    def review_projects(self) -> list[str]:
        """The names under which tasks are noted."""
        query = sa.select(review_tasks.c.project).distinct().order_by(review_tasks.c.project)
        with self.read() as connection:
            return list(connection.execute(query).scalars())

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
