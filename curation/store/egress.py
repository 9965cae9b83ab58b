"""The audit log of what left this machine: where it went, how much, and which records; no text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from curation.record import Frozen
from curation.store.engine import Connected
from curation.store.tables import egress, egress_records


class EgressLine(Frozen):
    """What went to one destination in one run."""

    run: int | None  # none where no run was noted, as for a server that runs until it is ended
    time: str  # when the first text went, or the server began
    destination: str
    address: str
    policy: str
    texts: int
    characters: int
    with_identifiers: int | None  # of the texts; none where it was not counted
    refused: int  # texts that did not go
    records: tuple[str, ...]  # whose texts went
    refused_records: tuple[str, ...]


class EgressCounts(Frozen):
    """What is added to a line."""

    texts: int = 0
    characters: int = 0
    with_identifiers: int | None = None
    refused: int = 0


class EgressLog(Connected):
    """Lines are begun before the first text goes, and counted up before each further one."""

    def begin_egress(self, *, run: int | None, destination: str, address: str, policy: str) -> int:
        """The id of a new line; none is kept where the store can only be read."""
        if self.read_only:
            return 0
        row = {
            "run": run,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "destination": destination,
            "address": address,
            "policy": policy,
            "texts": 0,
            "characters": 0,
            "refused": 0,
        }
        with self.write() as connection:
            key: Any = connection.execute(sa.insert(egress).values(row)).inserted_primary_key
        return int(key[0])

    def count_egress(
        self, line: int, counts: EgressCounts, *, records: Iterable[str] = (), refused: Iterable[str] = ()
    ) -> None:
        """Add to a line's counts, and note whose texts go and whose were refused."""
        if self.read_only:
            return
        change: dict[str, object] = {
            "texts": egress.c.texts + counts.texts,
            "characters": egress.c.characters + counts.characters,
            "refused": egress.c.refused + counts.refused,
        }
        if counts.with_identifiers is not None:
            change["with_identifiers"] = sa.func.coalesce(egress.c.with_identifiers, 0) + counts.with_identifiers
        rows = [
            {"line": line, "record_id": record_id, "refused": is_refused}
            for is_refused, ids in ((0, records), (1, refused))
            for record_id in dict.fromkeys(ids)
        ]
        with self.write() as connection:
            connection.execute(sa.update(egress).where(egress.c.seq == line).values(change))
            if rows:
                connection.execute(self._insert(egress_records).on_conflict_do_nothing(), rows)

    def egress(self) -> list[EgressLine]:
        """All lines, oldest first."""
        with self.read() as connection:
            lines = connection.execute(sa.select(egress).order_by(egress.c.seq)).all()
            noted = connection.execute(sa.select(egress_records).order_by(egress_records.c.seq)).all()
        ids: dict[tuple[int, int], list[str]] = {}
        for row in noted:
            ids.setdefault((row.line, row.refused), []).append(row.record_id)
        return [
            EgressLine(
                run=row.run,
                time=row.time,
                destination=row.destination,
                address=row.address,
                policy=row.policy,
                texts=row.texts,
                characters=row.characters,
                with_identifiers=row.with_identifiers,
                refused=row.refused,
                records=tuple(ids.get((row.seq, 0), ())),
                refused_records=tuple(ids.get((row.seq, 1), ())),
            )
            for row in lines
        ]
