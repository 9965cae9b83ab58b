"""Which stage has done which record, with which fingerprint: what makes every stage incremental."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.errors import ContradictionError
from curation.record import Layer
from curation.stage import Item, Result, Stage
from curation.store.engine import CHUNK
from curation.store.findings import Findings
from curation.store.records import newest_layers, record_of
from curation.store.tables import jobs, layers, measures, records

DONE = "done"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that a stage could not do: why, and how often it was tried."""

    record_id: str
    stage: str
    error: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Items that lack a result, and the mark of the newest layer from before they were read."""

    seen: int
    items: list[Item]


class Jobs(Findings):
    """Records that lack a result of a stage, and results stored in one transaction with their job states."""

    def pending(self, stage: Stage, *, retry_failed: bool = False) -> Iterator[Pending]:
        """Pages of the records that lack a result of this stage with its present fingerprint.

        A record that failed with this fingerprint is left alone, unless `retry_failed`.
        """
        after = 0
        while True:
            seen = self.newest_layer()
            query = _left(stage, retry_failed).where(records.c.seq > after).order_by(records.c.seq)
            with self.read() as connection:
                rows = connection.execute(query.limit(CHUNK)).all()
            if not rows:
                return
            after = rows[-1].seq
            yield Pending(seen, list(self._items([record_of(row) for row in rows], stage.reads)))

    def count_pending(self, stage: Stage, *, retry_failed: bool = False) -> int:
        """How many records `pending` would give."""
        query = sa.select(sa.func.count()).select_from(_left(stage, retry_failed).subquery())
        with self.read() as connection:
            return int(connection.execute(query).scalar_one())

    def newest_layer(self) -> int:
        """A mark that grows with every layer: results made from what is older carry it."""
        with self.read() as connection:
            return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(layers.c.seq), 0))).scalar_one())

    def commit(self, stage: Stage, results: Sequence[Result], *, seen: int) -> int:
        """Store a batch of results and that they are done, all or nothing; how many failed.

        `seen` is the mark that `pending` gave with the batch.
        """
        with self.write() as connection:
            checked = [self._store_layers(connection, result) for result in results]
            found = {result.record_id: result.measures for result in checked if result.measures}
            self.write_measures(connection, stage.name, found)
            # What was measured on an older layer is not known of this one.
            failed = [result.record_id for result in checked if result.error is not None]
            connection.execute(
                sa.delete(measures).where(measures.c.stage == stage.name, measures.c.record_id.in_(failed))
            )
            self._note(connection, stage, checked, seen)
        return sum(result.error is not None for result in checked)

    def seen_layers(self, stage: str, ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """The digests of the layers that a stage's results on these records were made from, by record and name."""
        found: dict[tuple[str, str], str] = {}
        columns = (layers.c.record_id, layers.c.name, layers.c.digest)
        for batch in batched(ids, CHUNK):
            newest = newest_layers().join(jobs, jobs.c.record_id == layers.c.record_id)
            newest = newest.where(jobs.c.stage == stage, layers.c.seq <= jobs.c.seen, layers.c.record_id.in_(batch))
            with self.read() as connection:
                rows = connection.execute(sa.select(*columns).where(layers.c.seq.in_(newest)))
                found |= {(record_id, name): digest for record_id, name, digest in rows}
        return found

    def failures(self) -> list[Failure]:
        """Every record that failed, by stage."""
        query = sa.select(jobs.c.record_id, jobs.c.stage, jobs.c.error, jobs.c.attempts)
        with self.read() as connection:
            rows = connection.execute(query.where(jobs.c.state == FAILED).order_by(jobs.c.stage, jobs.c.record_id))
            return [Failure(*row) for row in rows]

    def count_jobs(self) -> dict[str, dict[str, int]]:
        """How many records each stage has done, and on how many it failed."""
        query = sa.select(jobs.c.stage, jobs.c.state, sa.func.count()).group_by(jobs.c.stage, jobs.c.state)
        counts: dict[str, dict[str, int]] = {}
        with self.read() as connection:
            for stage, state, count in connection.execute(query.order_by(jobs.c.stage)):
                counts.setdefault(stage, {DONE: 0, FAILED: 0})[state] = count
        return counts

    def _store_layers(self, connection: sa.Connection, result: Result) -> Result:
        if result.error is not None or not result.layers:
            return result
        try:
            self.append_layers(connection, list[Layer](result.layers))
        except ContradictionError as error:
            return Result(result.record_id, error=str(error))
        return result

    def _note(self, connection: sa.Connection, stage: Stage, results: Sequence[Result], seen: int) -> None:
        ids = [result.record_id for result in results]
        query = sa.select(jobs.c.record_id, jobs.c.attempts).where(
            jobs.c.stage == stage.name, jobs.c.fingerprint == stage.fingerprint, jobs.c.record_id.in_(ids)
        )
        attempts: dict[str, int] = dict(connection.execute(query).all())
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [
            {
                "record_id": result.record_id,
                "stage": stage.name,
                "fingerprint": stage.fingerprint,
                "seen": seen,
                "state": DONE if result.error is None else FAILED,
                "error": result.error,
                "attempts": attempts.get(result.record_id, 0) + 1,
                "updated": now,
            }
            for result in results
        ]
        self.upsert(connection, jobs, rows)


def _left(stage: Stage, retry_failed: bool) -> sa.Select[Any]:
    done = sa.and_(jobs.c.record_id == records.c.id, jobs.c.stage == stage.name)
    lacking = [jobs.c.record_id.is_(None), jobs.c.fingerprint != stage.fingerprint]
    if retry_failed:
        lacking.append(jobs.c.state == FAILED)
    if stage.reads:
        newer = sa.exists().where(
            layers.c.record_id == records.c.id, layers.c.name.in_(stage.reads), layers.c.seq > jobs.c.seen
        )
        lacking.append(newer)
    return sa.select(records).select_from(records.outerjoin(jobs, done)).where(sa.or_(*lacking))
