"""Batches of questions that lie at a provider: each step is noted before or after it, so that none is done twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.models.contract import Attempt
from curation.store.answers import Answers
from curation.store.engine import CHUNK
from curation.store.job_states import FAILED, MAY_PASS
from curation.store.leases import clock
from curation.store.tables import batch_records, batch_requests, batches, jobs

#: The states of a question in a batch beside the kinds of errors: it lies there; its answer is in the ledger.
OPEN, ANSWERED = "open", "answered"
#: What came of a batch as a whole, where the server does not know the form in which its answers were asked for.
FORM_REFUSED = "form refused"
#: The record of an attempt of which only the cost is kept: there is none of this id.
NO_RECORD = "-"


class BatchState(StrEnum):
    """How far a batch has come."""

    GATHERING = "gathering"  # its questions are noted; nothing was sent
    SENDING = "sending"  # its file may have been uploaded
    UPLOADED = "uploaded"  # the file is there; the batch may have been made
    SENT = "sent"  # the batch lies at the provider
    COLLECTED = "collected"  # all that came is in the ledger; files are left at the provider
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch as the store knows it. requests: how many it was made with; left: of these, the questions still open.

    status: what the provider said last. counts: what came of its lines, by kind.
    """

    seq: int
    mark: str
    model: str
    purpose: str
    address: str
    form: str
    state: BatchState
    status: str | None
    input_file: str | None
    batch_id: str | None
    output_file: str | None
    error_file: str | None
    requests: int
    bytes: int
    expected_cost: float | None
    counts: Mapping[str, int]
    made: str
    sent: str | None
    ended: str | None
    left: int

    @property
    def name(self) -> str:
        """What it is called on the command line: the provider's id, else our mark."""
        return self.batch_id or self.mark


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One line of a batch: the key of the question, the records that it is about, and for which of them it is asked."""

    key: str
    sample: int
    form: str
    about: tuple[str, ...]
    asked: str


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What a line of a batch's files says of a question: answered or the kind of an error, and the attempt, of which
    number, sample and records are the store's to know.
    """

    state: str
    attempt: Attempt


class Batches(Answers):
    """What lies at providers, and how far each batch has come; the clock is the database's."""

    def begin_batch(self, mark: str, model: str, purpose: str, address: str, *, worker: str, lease: float) -> None:
        """Note a batch that is being gathered by a worker."""
        row = {"mark": mark, "model": model, "purpose": purpose, "address": address, "form": "off", "worker": worker}
        empty = {"state": BatchState.GATHERING.value, "requests": 0, "bytes": 0, "counts": "{}", "made": _now()}
        with self.write() as connection:
            connection.execute(sa.insert(batches), {**row, **empty, "until": clock(connection) + lease})

    def add_to_batch(self, mark: str, stage: str, questions: Sequence[BatchQuestion]) -> list[str]:
        """Note questions, all or none; which of their keys are new, and are to be sent with this batch.

        A question that lies in a batch of the same model already is not sent again: it is noted there for whom it is
        asked. A question about a record that is gone is left out. Whoever failed before is not done any more, so that
        the next run looks at what came.
        """
        with self.write() as connection:
            there = self.lock_records(connection, {id for question in questions for id in question.about})
            questions = [question for question in questions if there.issuperset(question.about)]
            batch = connection.execute(sa.select(batches.c.seq, batches.c.model).where(batches.c.mark == mark)).one()
            lying = _lying(connection, batch.model, [question.key for question in questions])
            fresh = {question.key: question for question in questions if question.key not in lying}
            for key, question in fresh.items():
                row = {"batch": batch.seq, "key": key, "sample": question.sample, "form": question.form, "state": OPEN}
                lying[key] = connection.execute(sa.insert(batch_requests).returning(batch_requests.c.seq), row).scalar()
            self.upsert(connection, batch_records, _links(questions, lying))
            _undo_failures(connection, stage, sorted({question.asked for question in questions}))
        return list(fresh)

    def change_batch(self, mark: str, **values: Any) -> None:
        """Write what is known of a batch now."""
        with self.write() as connection:
            connection.execute(sa.update(batches).where(batches.c.mark == mark).values(**values))

    def drop_batch(self, mark: str, *, keep: bool = False) -> None:
        """Forget a batch with its questions, which are open again; keep: its row stays, as ended."""
        with self.write() as connection:
            here = batches.c.mark == mark
            _drop_requests(connection, _requests_of(connection, mark))
            if keep:
                ended = {"state": BatchState.ENDED.value, "ended": _now()}
                connection.execute(sa.update(batches).where(here).values(**ended))
            else:
                connection.execute(sa.delete(batches).where(here))

    def keys_in_batch(self, mark: str) -> set[str]:
        """The keys of the questions that are still in a batch: those about deleted records are not."""
        query = sa.select(batch_requests.c.key).join(batches).where(batches.c.mark == mark)
        with self.read() as connection:
            return set(connection.execute(query).scalars())

    def questions_in(self, batch: StoredBatch) -> dict[str, tuple[str, str]]:
        """The form and the state of each question in a batch, by its key."""
        query = sa.select(batch_requests.c.key, batch_requests.c.form, batch_requests.c.state)
        with self.read() as connection:
            rows = connection.execute(query.where(batch_requests.c.batch == batch.seq).order_by(batch_requests.c.seq))
            return {key: (form, state) for key, form, state in rows}

    def note_lines(self, batch: StoredBatch, outcomes: Sequence[LineOutcome]) -> list[Attempt]:
        """Keep what came of questions as attempts, all or none; which were kept.

        What came of a question that has an outcome, or is in the batch no more, is left out: so a file may be read
        again.
        """
        numbers = self.attempts_at(outcome.attempt.key for outcome in outcomes)
        kept: list[Attempt] = []
        with self.write() as connection:
            there = _open_questions(connection, batch.seq, [outcome.attempt.key for outcome in outcomes])
            about = _about(connection, [seq for seq, _ in there.values()])
            records = self.lock_records(connection, {id for ids in about.values() for id in ids})
            for outcome in outcomes:
                if (question := there.pop(outcome.attempt.key, None)) is None:
                    continue
                seq, sample = question
                change = sa.update(batch_requests).where(batch_requests.c.seq == seq)
                connection.execute(change.values(state=outcome.state))
                number = numbers.get(outcome.attempt.key, 0) + 1
                kept.append(replace(outcome.attempt, record_ids=tuple(about[seq]), sample=sample, number=number))
            self.write_attempts(connection, kept, records)
        return kept

    def settle_batch(
        self, batch: StoredBatch, counts: Mapping[str, int], told: Collection[str], forgotten: Sequence[Attempt]
    ) -> None:
        """Note that all that came of a batch is in the ledger; its questions are forgotten.

        told: kinds of failures that the stage is to be told of: these questions stay until then. forgotten: what came
        of questions about records that are deleted: its cost is kept.
        """
        nobody = [replace(attempt, record_ids=(NO_RECORD,)) for attempt in forgotten]
        with self.write() as connection:
            query = sa.select(batch_requests.c.seq).where(
                batch_requests.c.batch == batch.seq, batch_requests.c.state.not_in(list(told))
            )
            _drop_requests(connection, connection.execute(query).scalars().all())
            self.write_attempts(connection, nobody, ())
            change = sa.update(batches).where(batches.c.seq == batch.seq)
            collected = {"state": BatchState.COLLECTED.value, "counts": json.dumps(dict(counts))}
            connection.execute(change.values(**collected))

    def batch_failures(self, models: Iterable[str]) -> dict[str, str]:
        """Why questions of these models have no answer that came back in batches, by key: what stages are not told
        yet.
        """
        query = (
            sa.select(batch_requests.c.key, batch_requests.c.state)
            .join(batches)
            .where(batches.c.model.in_(list(models)), batch_requests.c.state.not_in([OPEN, ANSWERED]))
        )
        with self.read() as connection:
            return dict(connection.execute(query).all())

    def forget_failures(self, keys: Iterable[str]) -> None:
        """The stage was told why these questions have no answer."""
        failed = batch_requests.c.state.not_in([OPEN, ANSWERED])
        with self.write() as connection:
            for batch in batched(keys, CHUNK):
                query = sa.select(batch_requests.c.seq).where(batch_requests.c.key.in_(batch), failed)
                _drop_requests(connection, connection.execute(query).scalars().all())

    def batches(self, *, ended: bool = False) -> list[StoredBatch]:
        """The batches, oldest first; ended: also those of which nothing is left at the provider."""
        query = _select()
        if not ended:
            query = query.where(batches.c.state != BatchState.ENDED.value)
        with self.read() as connection:
            return [_batch(row) for row in connection.execute(query)]

    def take_batches(
        self, marks: Iterable[str], *, worker: str, lease: float, has_ended: Callable[[str], bool]
    ) -> list[StoredBatch]:
        """Those of the batches that nobody else works at, as they are now; from now on this worker does."""
        wanted = list(marks)
        with self.write() as connection:
            now = clock(connection)
            query = sa.select(batches.c.mark, batches.c.worker, batches.c.until).where(batches.c.mark.in_(wanted))
            free = [
                row.mark
                for row in connection.execute(query.order_by(batches.c.seq).with_for_update())
                if row.worker == worker or row.until <= now or has_ended(row.worker)
            ]
            change = sa.update(batches).where(batches.c.mark.in_(free)).values(worker=worker, until=now + lease)
            connection.execute(change)
            return [_batch(row) for row in connection.execute(_select().where(batches.c.mark.in_(free)))]

    def drop_abandoned(self, has_ended: Callable[[str], bool]) -> None:
        """Forget batches that were being gathered by workers that have ended: nothing of them was sent."""
        query = sa.select(batches.c.mark, batches.c.worker, batches.c.until)
        gathered = batches.c.state == BatchState.GATHERING.value
        with self.read() as connection:
            rows = connection.execute(query.where(gathered)).all()
            now = clock(connection) if rows else 0.0
        for row in rows:
            if row.until <= now or has_ended(row.worker):
                self.drop_batch(row.mark)

    def renew_batches(self, worker: str, lease: float) -> None:
        """Make the lease of all batches that a worker works at end in so many seconds; 0: they are free."""
        with self.write() as connection:
            until = clock(connection) + lease if lease else 0.0
            connection.execute(sa.update(batches).where(batches.c.worker == worker).values(until=until))

    def count_lying(self, stage: str, models: Iterable[str]) -> int:
        """How many records wait for answers to questions of a stage that lie in batches."""
        query = sa.select(sa.func.count(sa.distinct(batch_records.c.record_id))).select_from(_asked())
        with self.read() as connection:
            return int(connection.execute(query.where(*_waiting(stage, models))).scalar_one())

    def batches_about(self, record_ids: Iterable[str]) -> dict[str, int]:
        """The batches in which questions about any of the records lie, with how many questions."""
        found = Counter[str]()
        columns = (batches.c.seq, sa.func.count(sa.distinct(batch_requests.c.seq)))
        with self.read() as connection:
            for batch in batched(dict.fromkeys(record_ids), CHUNK):
                query = sa.select(*columns).select_from(_asked()).where(batch_records.c.record_id.in_(batch))
                query = query.where(batch_requests.c.state == OPEN).group_by(batches.c.seq)
                found.update(dict(connection.execute(query).all()))
            rows = connection.execute(_select().where(batches.c.seq.in_(list(found))))
            return {f"{row.batch_id or row.mark} at {row.address}": found[row.seq] for row in rows}

    def drop_questions_about(self, record_ids: Sequence[str]) -> None:
        """Forget the questions in batches about any of the records: what comes to them is not kept."""
        with self.write() as connection:
            self.forget_questions_about(connection, record_ids)

    def forget_questions_about(self, connection: sa.Connection, record_ids: Sequence[str]) -> None:
        """`drop_questions_about` within a transaction."""
        for batch in batched(record_ids, CHUNK):
            query = sa.select(batch_records.c.request).where(batch_records.c.record_id.in_(batch)).distinct()
            _drop_requests(connection, connection.execute(query).scalars().all())

    def last_form(self, model: str, address: str) -> tuple[str, bool] | None:
        """In which form the answers of the last batch were asked for, and whether all of it was refused."""
        query = sa.select(batches.c.form, batches.c.counts).where(
            batches.c.model == model, batches.c.address == address, batches.c.sent.is_not(None)
        )
        with self.read() as connection:
            row = connection.execute(query.order_by(batches.c.seq.desc()).limit(1)).first()
        return None if row is None else (row.form, bool(json.loads(row.counts).get(FORM_REFUSED)))


def lies_in_batch(record_id: sa.ColumnElement[str], stage: str, models: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a question of a stage about a record lies in a batch."""
    return sa.exists().select_from(_asked()).where(batch_records.c.record_id == record_id, *_waiting(stage, models))


def _asked() -> sa.Join:
    return batch_records.join(batch_requests).join(batches)


def _waiting(stage: str, models: Iterable[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        batch_records.c.is_asked == 1,
        batch_requests.c.state == OPEN,
        batches.c.purpose == stage,
        batches.c.model.in_(list(models)),
    )


def _select() -> sa.Select[Any]:
    left = (
        sa.select(sa.func.count())
        .where(batch_requests.c.batch == batches.c.seq, batch_requests.c.state == OPEN)
        .scalar_subquery()
    )
    return sa.select(batches, left.label("left")).order_by(batches.c.seq)


def _batch(row: sa.Row[Any]) -> StoredBatch:
    values = dict(row._mapping)
    del values["worker"], values["until"]
    return StoredBatch(**values | {"state": BatchState(row.state), "counts": json.loads(row.counts)})


def _lying(connection: sa.Connection, model: str, keys: Sequence[str]) -> dict[str, Any]:
    """The open requests with these keys in any batch of the model."""
    found: dict[str, Any] = {}
    query = sa.select(batch_requests.c.key, batch_requests.c.seq).join(batches)
    query = query.where(batches.c.model == model, batch_requests.c.state == OPEN)
    for batch in batched(dict.fromkeys(keys), CHUNK):
        found |= dict(connection.execute(query.where(batch_requests.c.key.in_(batch))).all())
    return found


def _links(questions: Sequence[BatchQuestion], requests: Mapping[str, Any]) -> list[dict[str, Any]]:
    links: dict[tuple[str, int], int] = {}
    for question in questions:
        for id in question.about:
            place = (id, requests[question.key])
            links[place] = max(links.get(place, 0), int(id == question.asked))
    return [{"record_id": id, "request": seq, "is_asked": asked} for (id, seq), asked in sorted(links.items())]


def _undo_failures(connection: sa.Connection, stage: str, record_ids: Sequence[str]) -> None:
    failed = (jobs.c.stage == stage, jobs.c.state == FAILED, ~jobs.c.fingerprint.endswith(MAY_PASS))
    for batch in batched(record_ids, CHUNK):
        change = sa.update(jobs).where(*failed, jobs.c.record_id.in_(batch))
        connection.execute(change.values(fingerprint=jobs.c.fingerprint + MAY_PASS))


def _requests_of(connection: sa.Connection, mark: str) -> Sequence[int]:
    query = sa.select(batch_requests.c.seq).join(batches).where(batches.c.mark == mark)
    return connection.execute(query).scalars().all()


def _open_questions(connection: sa.Connection, batch: int, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The row and the number of the sample of each question in the batch that has no outcome, by its key."""
    found: dict[str, tuple[int, int]] = {}
    query = sa.select(batch_requests.c.key, batch_requests.c.seq, batch_requests.c.sample)
    query = query.where(batch_requests.c.batch == batch, batch_requests.c.state == OPEN)
    for some in batched(dict.fromkeys(keys), CHUNK):
        rows = connection.execute(query.where(batch_requests.c.key.in_(some)))
        found |= {key: (seq, sample) for key, seq, sample in rows}
    return found


def _about(connection: sa.Connection, requests: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {seq: [] for seq in requests}
    for batch in batched(requests, CHUNK):
        query = sa.select(batch_records.c.request, batch_records.c.record_id)
        for request, record_id in connection.execute(query.where(batch_records.c.request.in_(batch))):
            found[request].append(record_id)
    return found


def _drop_requests(connection: sa.Connection, requests: Sequence[int]) -> None:
    for batch in batched(requests, CHUNK):
        connection.execute(sa.delete(batch_records).where(batch_records.c.request.in_(batch)))
        connection.execute(sa.delete(batch_requests).where(batch_requests.c.seq.in_(batch)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
