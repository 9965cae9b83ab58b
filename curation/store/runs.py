"""Runs as rows: what was started, how it ended, and its manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import JsonValue

from curation.record import Frozen
from curation.store.engine import Connected
from curation.store.tables import runs

STARTED = "started"


class Run(Frozen):
    """One run of a command."""

    id: int
    command: str
    state: str
    started: str
    manifest: dict[str, JsonValue]


class Runs(Connected):
    """A run is noted when it starts; its manifest is written last, so a run without one did not end."""

    def start_run(self, command: str) -> int:
        """The id of a new run."""
        row = {
            "command": command,
            "state": STARTED,
            "started": datetime.now(UTC).isoformat(),
            "manifest": "{}",
        }
        with self.write() as connection:
            key = connection.execute(sa.insert(runs).values(row)).inserted_primary_key
        return int(key[0])

    def end_run(self, run: int, *, state: str, manifest: Mapping[str, JsonValue]) -> None:
        """Write how a run ended."""
        change = {"state": state, "manifest": json.dumps(dict(manifest), ensure_ascii=False)}
        with self.write() as connection:
            connection.execute(sa.update(runs).where(runs.c.seq == run).values(change))

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self.read() as connection:
            rows = connection.execute(sa.select(runs).order_by(runs.c.seq)).all()
        return [
            Run(
                id=row.seq,
                command=row.command,
                state=row.state,
                started=row.started,
                manifest=json.loads(row.manifest),
            )
            for row in rows
        ]
