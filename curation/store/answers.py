"""What language models answered, and what it cost: every attempt is a row, and falls with the records it is about."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.errors import StoreError
from curation.models.contract import Answer, Attempt, Finish, TokenProbability
from curation.printable import printable
from curation.store.engine import CHUNK, Connected
from curation.store.tables import answer_records, answers, spent

#: The largest number that both databases hold.
LARGEST = 2**63 - 1
#: Letters of a key: a SHA-256.
KEY_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Spending:
    """What one model was asked for by one stage, with what is forgotten: attempts by state, tokens and money.

    answers: attempts that brought one, whole or not. cost: the sum of what is known; `unpriced` counts the answers of
    which it is not. forgotten: attempts of which nothing else is kept.
    """

    model: str
    purpose: str
    answers: int
    attempts: Mapping[str, int]
    tokens_in: int
    tokens_out: int
    cost: float
    unpriced: int
    forgotten: int = 0

    @property
    def kept(self) -> int:
        """How many attempts are rows still."""
        return sum(self.attempts.values()) - self.forgotten


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is forgotten, or would be: attempts, how many of them had brought an answer, the records, and the cost."""

    attempts: int
    answers: int
    records: int
    cost: float


class Answers(Connected):
    """The ledger of language models: what was asked is known by its key alone, what was answered is kept as it came."""

    def answers(self, keys: Iterable[str]) -> dict[str, Answer]:
        """The latest answer to each of the questions that has one, however it ended."""
        found: dict[str, Answer] = {}
        for batch in batched(dict.fromkeys(keys), CHUNK):
            query = sa.select(answers).where(answers.c.key.in_(batch), answers.c.finish.is_not(None))
            with self.read() as connection:
                found |= {row.key: _answer(row) for row in connection.execute(query.order_by(answers.c.seq))}
        return found

    def attempts_at(self, keys: Iterable[str]) -> dict[str, int]:
        """How many attempts were made at each of the questions, without those at which there was none."""
        found: dict[str, int] = {}
        for batch in batched(dict.fromkeys(keys), CHUNK):
            query = sa.select(answers.c.key, sa.func.count()).where(answers.c.key.in_(batch)).group_by(answers.c.key)
            with self.read() as connection:
                found |= dict(connection.execute(query).all())
        return found

    def attempts_about(self, record_id: str) -> list[Attempt]:
        """All attempts about a record, oldest first."""
        query = (
            sa.select(answers)
            .join(answer_records, answer_records.c.answer == answers.c.seq)
            .where(answer_records.c.record_id == record_id)
            .order_by(answers.c.seq)
        )
        with self.read() as connection:
            rows = connection.execute(query).all()
            about: dict[int, list[str]] = {row.seq: [] for row in rows}
            for batch in batched(about, CHUNK):
                linked = sa.select(answer_records).where(answer_records.c.answer.in_(batch))
                for row in connection.execute(linked.order_by(answer_records.c.record_id)):
                    about[row.answer].append(row.record_id)
        return [_attempt(row, about[row.seq]) for row in rows]

    def note_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Keep the attempts, all or none. Of one about a record that is gone meanwhile, only what it cost is kept."""
        if not attempts:
            return
        with self.write() as connection:
            there = self.lock_records(connection, {id for attempt in attempts for id in attempt.record_ids})
            self.write_attempts(connection, attempts, there)

    def take_over(self, attempts: Sequence[Attempt]) -> int:
        """`note_attempts` with those that the store has not yet; how many these are."""
        had: set[tuple[str, int, str]] = set()
        columns = (answers.c.key, answers.c.number, answers.c.time)
        with self.read() as connection:
            for batch in batched(dict.fromkeys(attempt.key for attempt in attempts), CHUNK):
                had |= {tuple(row) for row in connection.execute(sa.select(*columns).where(answers.c.key.in_(batch)))}
        new = [attempt for attempt in attempts if _same(attempt) not in had]
        self.note_attempts(new)
        return len(new)

    def write_attempts(self, connection: sa.Connection, attempts: Sequence[Attempt], there: Collection[str]) -> None:
        """`note_attempts` within a transaction that holds the records that are there."""
        kept = [attempt for attempt in attempts if all(id in there for id in attempt.record_ids)]
        gone = [attempt for attempt in attempts if not all(id in there for id in attempt.record_ids)]
        if kept:
            rows = _inserted(connection, [_row(attempt) for attempt in kept])
            links = [
                {"record_id": id, "answer": row}
                for row, attempt in zip(rows, kept, strict=True)
                for id in dict.fromkeys(attempt.record_ids)
            ]
            if links:
                connection.execute(sa.insert(answer_records), links)
        self._add_spent(connection, [_bill(_row(attempt)) for attempt in gone])

    def unreadable_answers(self) -> tuple[int, list[int]]:
        """How many attempts are kept, and the rows of those that cannot be read."""
        looked_at, damaged, last = 0, list[int](), 0
        while True:
            query = sa.select(answers).where(answers.c.seq > last).order_by(answers.c.seq).limit(CHUNK)
            with self.read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return looked_at, damaged
            looked_at += len(rows)
            damaged += [row.seq for row in rows if not _is_whole(row)]
            last = rows[-1].seq

    def spending(self) -> list[Spending]:
        """What each model has cost for each purpose, also by answers that are forgotten."""
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        with self.read() as connection:
            kept = connection.execute(sa.select(*_NAMES, *_SUMS).group_by(*_NAMES)).mappings().all()
            gone = connection.execute(sa.select(spent)).mappings().all()
        for bill in (*kept, *({**bill, "forgotten": bill["attempts"]} for bill in gone)):
            found.setdefault((bill["model"], bill["purpose"]), []).append(bill)
        return [_spending(*names, bills) for names, bills in sorted(found.items())]

    def forget_answers(
        self,
        *,
        model: str | None = None,
        record_ids: Iterable[str] | None = None,
        before: datetime | None = None,
        dry_run: bool = False,
    ) -> Forgotten:
        """Forget the answers of a model, about any of the records, from before a time; what is given must all apply.

        What they have cost stays, in sums. Call `scrub` afterwards: until then the words may stand in unused parts of
        the database.
        """
        with self.read() if dry_run else self.write() as connection:
            rows = _chosen(connection, model, record_ids, before)
            bills = [bill for batch in batched(rows, CHUNK) for bill in _bills(connection, batch)]
            about = {id for batch in batched(rows, CHUNK) for id in _records_of(connection, batch)}
            if not dry_run:
                self._forget(connection, rows, bills)
        attempts, brought, cost = (sum(bill[name] for bill in bills) for name in ("attempts", "answers", "cost"))
        return Forgotten(attempts, brought, len(about), float(cost))

    def forget_answers_about(self, connection: sa.Connection, record_ids: Sequence[str]) -> None:
        """`forget_answers` about records within the transaction that deletes them."""
        rows = _chosen(connection, None, record_ids, None)
        self._forget(connection, rows, [bill for batch in batched(rows, CHUNK) for bill in _bills(connection, batch)])

    def _forget(self, connection: sa.Connection, rows: Sequence[int], bills: Iterable[Mapping[str, Any]]) -> None:
        for batch in batched(rows, CHUNK):
            connection.execute(sa.delete(answer_records).where(answer_records.c.answer.in_(batch)))
            connection.execute(sa.delete(answers).where(answers.c.seq.in_(batch)))
        self._add_spent(connection, bills)

    def _add_spent(self, connection: sa.Connection, bills: Iterable[Mapping[str, Any]]) -> None:
        insert = self._insert(spent)
        names = [column.name for column in spent.primary_key.columns]
        rest = [column for column in spent.columns if column.name not in names]
        sums = {column.name: column + insert.excluded[column.name] for column in rest}
        for bill in bills:
            connection.execute(insert.on_conflict_do_update(index_elements=names, set_=sums), dict(bill))


#: A bill: the attempts of one model for one purpose that ended in one state, in sums.
_NAMES = (answers.c.model, answers.c.purpose, answers.c.state)
_SUMS = (
    sa.func.count().label("attempts"),
    sa.func.count(answers.c.finish).label("answers"),
    (sa.func.count(answers.c.finish) - sa.func.count(answers.c.cost)).label("unpriced"),
    sa.cast(sa.func.coalesce(sa.func.sum(answers.c.tokens_in), 0), sa.BigInteger).label("tokens_in"),
    sa.cast(sa.func.coalesce(sa.func.sum(answers.c.tokens_out), 0), sa.BigInteger).label("tokens_out"),
    sa.func.coalesce(sa.func.sum(answers.c.cost), 0.0).label("cost"),
)


def _inserted(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    """The numbers of new rows of answers, in their order."""
    if connection.dialect.name == "sqlite":
        # One statement, not one for each row: nobody else writes, and each row has the number after the highest.
        connection.execute(sa.insert(answers), rows)
        last = int(connection.execute(sa.select(sa.func.max(answers.c.seq))).scalar_one())
        return range(last - len(rows) + 1, last + 1)
    insert = sa.insert(answers).returning(answers.c.seq, sort_by_parameter_order=True)
    return connection.execute(insert, rows).scalars().all()


def _bills(connection: sa.Connection, rows: Sequence[int]) -> list[Mapping[str, Any]]:
    query = sa.select(*_NAMES, *_SUMS).where(answers.c.seq.in_(rows)).group_by(*_NAMES)
    return [dict(bill) for bill in connection.execute(query).mappings()]


def _bill(row: Mapping[str, Any]) -> dict[str, Any]:
    """The bill of one attempt, from the row that it would have been."""
    return {
        "model": row["model"],
        "purpose": row["purpose"],
        "state": row["state"],
        "attempts": 1,
        "answers": int(row["finish"] is not None),
        "unpriced": int(row["finish"] is not None and row["cost"] is None),
        "tokens_in": row["tokens_in"] or 0,
        "tokens_out": row["tokens_out"] or 0,
        "cost": row["cost"] or 0.0,
    }


def _spending(model: str, purpose: str, bills: Sequence[Mapping[str, Any]]) -> Spending:
    states = sorted({bill["state"] for bill in bills})
    sums = ("answers", "tokens_in", "tokens_out", "cost", "unpriced", "forgotten")
    return Spending(
        model=model,
        purpose=purpose,
        attempts={state: sum(bill["attempts"] for bill in bills if bill["state"] == state) for state in states},
        **{name: sum(bill.get(name, 0) for bill in bills) for name in sums},
    )


def _chosen(
    connection: sa.Connection, model: str | None, record_ids: Iterable[str] | None, before: datetime | None
) -> list[int]:
    """The rows of the answers to which all of it applies."""
    query = sa.select(answers.c.seq)
    if model is not None:
        query = query.where(answers.c.model == model)
    if before is not None:
        query = query.where(answers.c.time < _time(before))
    if record_ids is None:
        return list(connection.execute(query).scalars())
    query = query.join(answer_records, answer_records.c.answer == answers.c.seq)
    found: set[int] = set()
    for batch in batched(dict.fromkeys(record_ids), CHUNK):
        found |= set(connection.execute(query.where(answer_records.c.record_id.in_(batch))).scalars())
    return sorted(found)


def _records_of(connection: sa.Connection, rows: Sequence[int]) -> Sequence[str]:
    query = sa.select(answer_records.c.record_id).where(answer_records.c.answer.in_(rows)).distinct()
    return connection.execute(query).scalars().all()


def _same(attempt: Attempt) -> tuple[str, int, str]:
    """By what an attempt is told from all others."""
    return attempt.key, attempt.number, _time(datetime.fromisoformat(attempt.time))


def _row(attempt: Attempt) -> dict[str, Any]:
    """The columns of an attempt; a server may say anything of itself and its counts, and it is never in the way."""
    row: dict[str, Any] = {
        "key": attempt.key,
        "number": attempt.number,
        "model": attempt.model,
        "purpose": attempt.purpose,
        "sample": attempt.sample,
        "state": attempt.state,
        "time": _time(datetime.fromisoformat(attempt.time)),
    }
    empty = ("finish", "text", "said_by", "form", "tokens_in", "tokens_out", "cost", "seconds", "logprobs")
    if (answer := attempt.answer) is None:
        return row | dict.fromkeys(empty)
    return row | {
        "finish": answer.finish.value,
        "text": answer.text.encode("utf-8", "surrogatepass"),
        "said_by": printable(answer.model),
        "form": answer.form,
        "tokens_in": _count(answer.tokens_in),
        "tokens_out": _count(answer.tokens_out),
        "cost": answer.cost if answer.cost is not None and math.isfinite(answer.cost) else None,
        "seconds": answer.seconds,
        "logprobs": None if answer.logprobs is None else _packed(answer.logprobs),
    }


def _packed(pieces: Sequence[TokenProbability]) -> bytes:
    """Their number, the logarithms as they are, and the texts as JSON: as JSON, the logarithms would take most time."""
    numbers = struct.pack(f"<I{len(pieces)}d", len(pieces), *(piece.logprob for piece in pieces))
    return numbers + json.dumps([piece.text for piece in pieces]).encode()


def _unpacked(packed: bytes) -> tuple[TokenProbability, ...]:
    (count,) = struct.unpack_from("<I", packed)
    numbers = struct.unpack_from(f"<{count}d", packed, 4)
    texts = json.loads(packed[4 + 8 * count :])
    return tuple(map(TokenProbability, texts, numbers))


def _count(tokens: int | None) -> int | None:
    return tokens if tokens is not None and 0 <= tokens <= LARGEST else None


def _time(time: datetime) -> str:
    """In one form, so that the order of the words is that of the times."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="milliseconds")


def _answer(row: sa.Row[Any]) -> Answer:
    """The answer of a row. Raises StoreError where it cannot be read."""
    try:
        if not all(isinstance(getattr(row, name), int | float | None) for name in ("tokens_in", "tokens_out", "cost")):
            raise TypeError  # SQLite holds anything in any column
        return Answer(
            text=bytes(row.text).decode("utf-8", "surrogatepass"),
            finish=Finish(row.finish),
            model=row.said_by,
            form=row.form,
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            cost=row.cost,
            seconds=row.seconds,
            logprobs=None if row.logprobs is None else _unpacked(bytes(row.logprobs)),
        )
    except (TypeError, ValueError, struct.error) as error:
        raise StoreError(
            f"expected an answer of {row.model} in row {row.seq} of answers, it cannot be read; look at the store with "
            "`curate doctor`, or forget it with `curate answers forget`"
        ) from error


def _is_whole(row: sa.Row[Any]) -> bool:
    try:
        datetime.fromisoformat(_attempt(row, ()).time)
    except (StoreError, TypeError, ValueError):
        return False
    return bool(row.key) and len(row.key) == KEY_LETTERS and row.state is not None


def _attempt(row: sa.Row[Any], about: Sequence[str]) -> Attempt:
    return Attempt(
        key=row.key,
        model=row.model,
        purpose=row.purpose,
        record_ids=tuple(about),
        number=row.number,
        sample=row.sample,
        state=row.state,
        time=row.time,
        answer=None if row.finish is None else _answer(row),
    )
