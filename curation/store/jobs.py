"""Which stage has done which record, with which fingerprint: what makes every stage incremental."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.errors import ContradictionError
from curation.models.contract import Attempt
from curation.record import Record, check_layer
from curation.stage import Result, StageIdentity, StoredItem
from curation.store.batches import Batches, lies_in_batch
from curation.store.engine import CHUNK
from curation.store.findings import Findings
from curation.store.job_states import DONE, FAILED, MAY_PASS
from curation.store.leases import held, settle
from curation.store.records import append, append_written, record_of
from curation.store.tables import jobs, layers, measures, records

__all__ = ["DONE", "FAILED", "MAY_PASS", "Committed", "Failure", "Jobs", "LayerRows", "Pending"]

#: The stage of a job that is looked up by its record: without statistics, PostgreSQL takes all jobs of a stage for a
#: few, and would read them for each record by the index that begins with the stage. No index fits an expression.
stage_by_record: sa.ColumnElement[str] = jobs.c.stage + ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that a stage could not do: why, how often it was tried, and whether the next run tries it by itself."""

    record_id: str
    stage: str
    error: str
    attempts: int
    may_pass: bool = False
    kind: str | None = None


#: The row of each layer that was read, by the layer's name, for each record.
LayerRows = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Pending:
    """Items that lack a result, and which rows their layers are."""

    seen: LayerRows
    items: list[StoredItem]


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a batch of results: how many failures were stored, and of which records another worker has taken
    the place meanwhile, so that nothing was stored of them.
    """

    failed: int
    late: frozenset[str] = frozenset()


class Jobs(Findings, Batches):
    """Records that lack a result of a stage, and results stored in one transaction with their job states."""

    def pending(
        self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()
    ) -> Iterator[Pending]:
        """Pages of the records that lack a result of this stage with its present fingerprint.

        A record that failed with this fingerprint is left alone, unless `retry_failed`, or the failure is of one of the
        kinds, or what it failed by may pass. One whose questions to the stage's models lie in a batch is left out.
        """
        after = 0
        while True:
            query = self._left(stage, retry_failed, kinds).where(records.c.seq > after).order_by(records.c.seq)
            with self.read() as connection:
                rows = connection.execute(query.limit(CHUNK)).all()
            if not rows:
                return
            after = rows[-1].seq
            page = list(self._items_with_rows([record_of(row) for row in rows], stage.reads))
            yield Pending({item.record.id: found for item, found in page}, [item for item, _ in page])

    def count_pending(self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()) -> int:
        """How many records `pending` would give."""
        query = sa.select(sa.func.count()).select_from(self._left(stage, retry_failed, kinds).subquery())
        with self.read() as connection:
            return int(connection.execute(query).scalar_one())

    def commit(
        self,
        stage: StageIdentity,
        results: Sequence[Result],
        *,
        seen: LayerRows,
        attempts: Sequence[Attempt] = (),
        claim: str | None = None,
    ) -> Committed:
        """Store a batch of results and that they are done, with attempts at answers, all or nothing.

        `seen` is what `pending` or `claim` gave with the batch. What another process has done meanwhile, from the same
        layers or newer ones, stays as it is, and a record that was deleted meanwhile is left out. With the token of a
        claim, so is each record that the claim no longer holds; the attempts are kept whatever becomes of the results.
        """
        ids = [result.record_id for result in results]
        if new := {record.id: record for result in results for record in result.records}:
            self.let_records_out(new)
        with self.write() as connection:
            there = self.lock_records(connection, [*ids, *(id for attempt in attempts for id in attempt.record_ids)])
            self.write_attempts(connection, attempts, there)
            ours = there if claim is None else held(connection, stage, claim, ids)
            noted = self._noted(connection, stage, ids)
            left = [
                result
                for result in results
                if result.record_id in ours
                and not _is_done(noted.get(result.record_id), seen.get(result.record_id, {}))
            ]
            checked = self._store_made(connection, left)
            found = {result.record_id: result.measures for result in checked if result.measures}
            self.write_measures(connection, stage.name, found)
            failed = [result.record_id for result in checked if result.error is not None]
            # What was measured on an older layer is not known of this one; what could be in spite of an error is.
            if unknown := [id for id in failed if id not in found]:
                connection.execute(
                    sa.delete(measures).where(measures.c.stage == stage.name, measures.c.record_id.in_(unknown))
                )
            self.note_results(connection, stage, checked, noted, seen)
            settle(connection, stage, ours.intersection(ids))
        return Committed(len(failed), frozenset(there.intersection(ids) - ours))

    def seen_layers(self, stage: str, ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """The digests of the layers that a stage's results on these records were made from, by record and name."""
        found: dict[tuple[str, str], str] = {}
        for batch in batched(ids, CHUNK):
            noted = sa.select(jobs.c.layer_rows).where(jobs.c.stage == stage, jobs.c.record_id.in_(batch))
            columns = (layers.c.record_id, layers.c.name, layers.c.digest)
            with self.read() as connection:
                rows = [row for text in connection.execute(noted).scalars() for row in json.loads(text).values()]
                for some in batched(rows, CHUNK):
                    query = sa.select(*columns).where(layers.c.seq.in_(some))
                    found |= {(record_id, name): digest for record_id, name, digest in connection.execute(query)}
        return found

    def failures(self) -> list[Failure]:
        """Every record that failed, by stage."""
        may_pass = jobs.c.fingerprint.endswith(MAY_PASS)
        query = sa.select(jobs.c.record_id, jobs.c.stage, jobs.c.error, jobs.c.attempts, may_pass, jobs.c.kind)
        with self.read() as connection:
            rows = connection.execute(query.where(jobs.c.state == FAILED).order_by(jobs.c.stage, jobs.c.record_id))
            return [
                Failure(id, name, error, attempts, bool(passes), kind)
                for id, name, error, attempts, passes, kind in rows
            ]

    def count_jobs(self) -> dict[str, dict[str, int]]:
        """How many records each stage has done, and on how many it failed."""
        query = sa.select(jobs.c.stage, jobs.c.state, sa.func.count()).group_by(jobs.c.stage, jobs.c.state)
        counts: dict[str, dict[str, int]] = {}
        with self.read() as connection:
            for stage, state, count in connection.execute(query.order_by(jobs.c.stage)):
                counts.setdefault(stage, {DONE: 0, FAILED: 0})[state] = count
        return counts

    def count_own(self, stage: StageIdentity) -> dict[str, int]:
        """On how many of its records a stage as it is now is done, and failed.

        What it did with another fingerprint, or on records that it does not take any more, does not count.
        """
        own = sa.and_(
            jobs.c.record_id == records.c.id, stage_by_record == stage.name, jobs.c.fingerprint == stage.fingerprint
        )
        query = sa.select(jobs.c.state, sa.func.count()).select_from(records.join(jobs, own)).group_by(jobs.c.state)
        with self.read() as connection:
            counts = {row[0]: row[1] for row in connection.execute(self._taken(stage, query))}
        return {DONE: 0, FAILED: 0, **counts}

    def _store_made(self, connection: sa.Connection, results: Sequence[Result]) -> list[Result]:
        """The results with their records and layers stored, those with a layer that contradicts its record as failures.

        A record that is there already stays as it is.
        """
        ids = {layer.record_id for result in results for layer in result.layers}
        new = {record.id: record for result in results for record in result.records}
        stored = new | (self.lock_texts(connection, ids) if ids else {})
        checked = [_checked(result, stored) for result in results]
        self.insert_records(connection, {record.id: record for result in checked for record in result.records})
        append_written(connection, [layer for result in checked for layer in result.written])
        append(connection, [layer for result in checked for layer in result.layers])
        return checked

    def _noted(self, connection: sa.Connection, stage: StageIdentity, ids: Sequence[str]) -> dict[str, sa.RowMapping]:
        """What is noted of the records under the stage's present fingerprint."""
        prints = (stage.fingerprint, stage.fingerprint + MAY_PASS)
        query = sa.select(jobs.c.record_id, jobs.c.state, jobs.c.attempts, jobs.c.layer_rows).where(
            stage_by_record == stage.name, jobs.c.fingerprint.in_(prints), jobs.c.record_id.in_(ids)
        )
        return {row["record_id"]: row for row in connection.execute(query).mappings()}

    def note_results(
        self,
        connection: sa.Connection,
        stage: StageIdentity,
        results: Sequence[Result],
        noted: Mapping[str, sa.RowMapping],
        seen: LayerRows,
    ) -> None:
        """Write in a transaction that the results are there; `noted` is what was known of these records before."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [
            {
                "record_id": result.record_id,
                "stage": stage.name,
                "fingerprint": stage.fingerprint + (MAY_PASS if result.may_pass else ""),
                "layer_rows": json.dumps(dict(seen.get(result.record_id, {})), ensure_ascii=False),
                "state": DONE if result.error is None else FAILED,
                "error": result.error,
                "kind": result.kind,
                "attempts": (noted[result.record_id]["attempts"] if result.record_id in noted else 0)
                + (not result.may_pass),
                "updated": now,
            }
            for result in results
        ]
        self.upsert(connection, jobs, rows)

    def _left(self, stage: StageIdentity, retry_failed: bool, kinds: Collection[str]) -> sa.Select[Any]:
        done = sa.and_(jobs.c.record_id == records.c.id, stage_by_record == stage.name)
        lacking = [jobs.c.record_id.is_(None), jobs.c.fingerprint != stage.fingerprint]
        if retry_failed:
            lacking.append(jobs.c.state == FAILED)
        elif kinds:
            lacking.append(sa.and_(jobs.c.state == FAILED, jobs.c.kind.in_(kinds)))
        if stage.reads:
            noted = sa.func.coalesce(self.json_number(jobs.c.layer_rows, layers.c.name), 0)
            newer = sa.exists().where(
                layers.c.record_id == records.c.id, layers.c.name.in_(stage.reads), layers.c.seq > noted
            )
            lacking.append(newer)
        left = sa.select(records).select_from(records.outerjoin(jobs, done)).where(sa.or_(*lacking))
        left = self._taken(stage, left)
        models = getattr(stage, "models", ())
        return left.where(~lies_in_batch(records.c.id, stage.name, models)) if models else left

    def _taken(self, stage: StageIdentity, query: sa.Select[Any]) -> sa.Select[Any]:
        """Of the records of a query, those that a stage takes at all."""
        if to := getattr(stage, "translates_to", None):
            query = query.where(records.c.language != to, records.c.translation_of.is_(None))
        if (only := getattr(stage, "only", None)) is not None:
            query = query.where(records.c.id.in_(self.listed(sorted(only))))
        if left_out := getattr(stage, "left_out", ()):
            query = query.where(records.c.id.not_in(self.listed(sorted(left_out))))
        return query


def _is_done(noted: sa.RowMapping | None, seen: Mapping[str, int]) -> bool:
    """Whether there is a result already, from the same layers or from newer ones."""
    if noted is None or noted["state"] != DONE:
        return False
    rows = json.loads(noted["layer_rows"])
    return all(rows.get(name, 0) >= row for name, row in seen.items())


def _checked(result: Result, stored: Mapping[str, Record]) -> Result:
    if not result.layers:
        return result
    try:
        for layer in result.layers:
            if layer.record_id not in stored:
                raise ContradictionError(f"layer {layer.name}: its record {layer.record_id} is not in the store")
            check_layer(stored[layer.record_id], layer)
    except ContradictionError as error:
        return Result(result.record_id, error=str(error))
    return result
