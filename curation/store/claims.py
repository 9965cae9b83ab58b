"""Several processes share one stage: each record is had by one worker, until its result has come or its lease ends."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.stage import Item, Result, StageIdentity
from curation.store.engine import CHUNK
from curation.store.jobs import Jobs, LayerRows
from curation.store.leases import GIVEN_BACK, NOBODY, clock, settle
from curation.store.records import record_of
from curation.store.tables import claims, records

#: So many workers may end without a word while they have a record; the last of them has it alone.
TRIES = 3
#: So many rows after the last one are looked at first.
RANGE = 2_000
#: The kind of the failure of a record that so many workers ended with.
WORKER_DIED = "worker_died"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Items that this worker has now, which rows their layers are, and the token that commits their results.

    given_up: records that became failures, since their workers had ended TRIES times. elsewhere: where there are no
    items, the records without a result that other workers have, or that have to wait until this one has no other.
    """

    items: list[Item]
    seen: LayerRows
    token: str
    given_up: int = 0
    elsewhere: int = 0


@dataclass(slots=True)
class _Holder:
    """A worker as the store knows it: its token, when it began, and the row up to which it has looked for records."""

    token: str
    began: float
    after: int = 0


class Claims(Jobs):
    """Records given out by leases; the clock is the database's."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._holders: dict[tuple[str, str], _Holder] = {}

    def claim(
        self,
        stage: StageIdentity,
        size: int,
        *,
        worker: str,
        lease: float,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        tries: int = TRIES,
    ) -> Claimed:
        """Up to `size` of the records that `pending` would give and that no other worker has, for `lease` seconds.

        worker: a name for each run of a process; all that one worker claims of a stage has one token. It is given no
        record again of which a result has come since its first claim, also a failure. After a worker has ended without
        a word, others get its records when the lease ends; `tries`: how often, the last time alone.
        """
        with self.write() as connection:
            _go_by_index(connection)
            now = clock(connection)
            holder = self._holders.setdefault((stage.name, worker), _Holder(secrets.token_hex(16), now))
            given_up = self._give_up(connection, stage, now, tries)
            left = self._left(stage, retry_failed, kinds).where(~_is_taken(stage, now, holder.began))
            found = self._take(connection, stage, left, size, holder, tries)
            before = _before(connection, stage, [row.id for row in found], now, holder.began)
            rows = [row for row in found if row.id in before]
            self._lend(connection, stage, before, holder.token, worker, now + lease)
            elsewhere = 0 if rows else self._elsewhere(connection, stage, holder, retry_failed, kinds)
        page = list(self._items_with_rows([record_of(row) for row in rows], stage.reads))
        seen = {item.record.id: found for item, found in page}
        return Claimed([item.read() for item, _ in page], seen, holder.token, given_up, elsewhere)

    def renew(self, token: str, lease: float) -> int:
        """Make the lease of all that a worker has end in so many seconds from now; how many records it has."""
        ours = sa.select(claims.c.record_id, claims.c.stage).where(claims.c.token == token)
        with self.write() as connection:
            # In the order of the ids, as all others: two transactions never wait for each other.
            rows = connection.execute(ours.order_by(claims.c.record_id).with_for_update()).all()
            connection.execute(sa.update(claims).where(claims.c.token == token).values(until=clock(connection) + lease))
        return len(rows)

    def release(self, token: str, record_ids: Collection[str]) -> None:
        """Give records back without a result: anybody may have them at once."""
        change = sa.update(claims).values(token=NOBODY, until=GIVEN_BACK, tries=claims.c.tries - 1)
        with self.write() as connection:
            self.lock_records(connection, record_ids)
            for batch in batched(sorted(record_ids), CHUNK):
                connection.execute(change.where(claims.c.token == token, claims.c.record_id.in_(batch)))

    def end_leases(self, has_ended: Callable[[str], bool]) -> int:
        """End at once the leases of workers that have certainly ended; how many records come free."""
        with self.write() as connection:
            now = clock(connection)
            live = sa.and_(claims.c.token != NOBODY, claims.c.until > now)
            workers = connection.execute(sa.select(claims.c.worker).where(live).distinct()).scalars().all()
            ended = [worker for worker in workers if has_ended(worker)]
            query = sa.select(claims.c.record_id).where(live, claims.c.worker.in_(ended)).order_by(claims.c.record_id)
            ids = connection.execute(query.with_for_update()).scalars().all()
            connection.execute(sa.update(claims).where(live, claims.c.worker.in_(ended)).values(until=now))
        return len(ids)

    def _take(
        self,
        connection: sa.Connection,
        stage: StageIdentity,
        left: sa.Select[Any],
        size: int,
        holder: _Holder,
        most_tries: int,
    ) -> Sequence[sa.Row[Any]]:
        """Rows of records, locked. What other workers ended with comes last, and the last time alone."""
        tries = _tries(stage)
        has = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(claims.c.tries), 0))
        count, most = connection.execute(has.where(claims.c.token == holder.token)).one()
        if most >= most_tries:
            return []
        fresh, retaken = left.where(tries == 0), left.where(tries > 0, tries < most_tries - 1)
        # Mostly they are among the next ones: a short range is read in the same time however many records there are.
        after, near = records.c.seq > holder.after, records.c.seq <= holder.after + RANGE
        rows = _locked(connection, fresh.where(after, near), size)
        # At the end it is looked again and again: all records are read once then, not for each of the queries.
        if not rows and not connection.execute(sa.select(left.exists())).scalar_one():
            return []
        # Whoever kills a run again and again does not meet the same records each time.
        queries = (fresh.where(after), fresh, retaken)
        rows = rows or next((rows for query in queries if (rows := _locked(connection, query, size))), [])
        if rows:
            holder.after = rows[-1].seq
        elif not count:
            rows = _locked(connection, left, 1)
        return rows

    def _lend(
        self,
        connection: sa.Connection,
        stage: StageIdentity,
        before: Mapping[str, int],
        token: str,
        worker: str,
        until: float,
    ) -> None:
        lent = {"stage": stage.name, "fingerprint": stage.fingerprint, "token": token, "worker": worker, "until": until}
        # In the order of the ids, as all others: two transactions never wait for each other.
        rows = [{**lent, "record_id": id, "tries": tries + 1} for id, tries in sorted(before.items())]
        self.upsert(connection, claims, rows)

    def _give_up(self, connection: sa.Connection, stage: StageIdentity, now: float, tries: int) -> int:
        """Note the failure of each record with which so many workers have ended; how many."""
        ended = sa.select(records.c.seq, records.c.id).join(claims, claims.c.record_id == records.c.id)
        ended = ended.where(
            claims.c.stage == stage.name,
            claims.c.fingerprint == stage.fingerprint,
            claims.c.token != NOBODY,
            claims.c.until <= now,
            claims.c.tries >= tries,
        )
        locked = [row.id for row in _locked(connection, ended, CHUNK)]
        # What counts now is read: another worker may have done the same before the lock.
        ids = [row.id for row in connection.execute(ended.where(records.c.id.in_(locked)))] if locked else []
        if ids:
            error = (
                f"the process that worked on it ended {tries} times before there was a result, the last time with "
                "this record alone (killed, or out of memory); --retry-failed tries it again"
            )
            failures = [Result(id, error=error, kind=WORKER_DIED) for id in ids]
            self.note_results(connection, stage, failures, self._noted(connection, stage, ids), {})
            settle(connection, stage, ids)
        return len(ids)

    def _elsewhere(
        self, connection: sa.Connection, stage: StageIdentity, holder: _Holder, retry: bool, kinds: Collection[str]
    ) -> int:
        # As if no lease were running.
        left = self._left(stage, retry, kinds).where(~_is_taken(stage, float("inf"), holder.began))
        return int(connection.execute(sa.select(sa.func.count()).select_from(left.subquery())).scalar_one())


def _go_by_index(connection: sa.Connection) -> None:
    """PostgreSQL has no statistics of tables that are being filled: it would read all of them for each claim.

    In the order of the rows, it stops at the last one that is wanted.
    """
    if connection.dialect.name == "postgresql":
        for way in ("seqscan", "hashjoin", "mergejoin", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")


def _is_taken(stage: StageIdentity, now: float, began: float) -> sa.ColumnElement[bool]:
    """Whether a worker has the record, or its result has come since this one began."""
    return sa.exists().where(claims.c.record_id == records.c.id, claims.c.stage == stage.name, _is_held(now, began))


def _is_held(now: float, began: float) -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.and_(claims.c.token != NOBODY, claims.c.until > now),
        sa.and_(claims.c.token == NOBODY, claims.c.until >= began),
    )


def _before(
    connection: sa.Connection, stage: StageIdentity, ids: Sequence[str], now: float, began: float
) -> dict[str, int]:
    """How many workers have taken each of the records and given nothing back; only of those that are free.

    Another worker may have taken them between the reading of the query that locked them and the lock: what counts now
    is read.
    """
    found = dict.fromkeys(ids, 0)
    same = claims.c.fingerprint == stage.fingerprint
    columns = (claims.c.record_id, sa.case((same, claims.c.tries), else_=0), _is_held(now, began))
    for batch in batched(ids, CHUNK):
        query = sa.select(*columns).where(claims.c.stage == stage.name, claims.c.record_id.in_(batch))
        for id, tries, is_held in connection.execute(query):
            if is_held:
                del found[id]
            else:
                found[id] = tries
    return found


def _tries(stage: StageIdentity) -> sa.ColumnElement[int]:
    """How many workers have taken the record before, and given nothing back."""
    before = sa.select(claims.c.tries).where(
        claims.c.record_id == records.c.id,
        claims.c.stage == stage.name,
        claims.c.fingerprint == stage.fingerprint,
    )
    return sa.func.coalesce(before.scalar_subquery(), 0)


def _locked(connection: sa.Connection, query: sa.Select[Any], size: int) -> Sequence[sa.Row[Any]]:
    """The first rows of the query whose records no other transaction has locked; this one keeps them to its end."""
    first = query.order_by(records.c.seq).limit(size)
    return connection.execute(first.with_for_update(key_share=True, skip_locked=True, of=records)).all()
