"""Rows of claims: which worker has which record of a stage, and until when, by the clock of the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from curation.batches import batched
from curation.stage import StageIdentity
from curation.store.engine import CHUNK
from curation.store.tables import claims

#: The token of a record that nobody has: it was given back, or its result has come.
NOBODY = ""
#: The end of the lease of a record that was given back.
GIVEN_BACK = 0.0


def clock(connection: sa.Connection) -> float:
    """Seconds since 1970 by the clock of the database: clocks of several machines differ."""
    now: sa.ColumnElement[float]
    if connection.dialect.name == "postgresql":
        now = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Double)
    else:
        now = sa.literal_column("(julianday('now') - 2440587.5) * 86400.0", sa.Double)
    return float(connection.execute(sa.select(now)).scalar_one())


def held(connection: sa.Connection, stage: StageIdentity, token: str, ids: Iterable[str]) -> set[str]:
    """Those of the records that the worker with the token has."""
    found: set[str] = set()
    for batch in batched(ids, CHUNK):
        ours = (claims.c.stage == stage.name, claims.c.token == token, claims.c.record_id.in_(batch))
        found |= set(connection.execute(sa.select(claims.c.record_id).where(*ours)).scalars())
    return found


def settle(connection: sa.Connection, stage: StageIdentity, ids: Collection[str]) -> None:
    """Note when a result of these records came, where they were claimed: nobody has them any more."""
    if not ids:
        return
    here = (claims.c.record_id == sa.bindparam("id"), claims.c.stage == stage.name)
    change = sa.update(claims).where(*here).values(token=NOBODY, until=clock(connection), tries=0)
    # In the order of the ids, as all others: two transactions never wait for each other.
    connection.execute(change, [{"id": id} for id in sorted(ids)])
