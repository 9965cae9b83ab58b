"""What one process at a time does on PostgreSQL; on SQLite a transaction that writes keeps all others from writing."""

from __future__ import annotations

from enum import IntEnum

import sqlalchemy as sa


class StoreTurn(IntEnum):
    """What is waited for. The numbers are the keys of PostgreSQL's advisory locks: never change them."""

    MIGRATION = 0x_C1_1C_0001
    RECORDS = 0x_C1_1C_0002
    SETS = 0x_C1_1C_0003


def wait_for_turn(connection: sa.Connection, turn: StoreTurn) -> None:
    """Return when no other transaction has the turn; this one keeps it to its end."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(int(turn), sa.BigInteger))))
