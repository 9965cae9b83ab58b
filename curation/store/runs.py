"""Runs as rows: what was started, how it ended, and its manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from curation.record import Frozen
from curation.store.engine import Connected
from curation.store.tables import runs

STARTED = "started"
#: The process of a run ended without a word, as after a kill or a power cut.
DIED = "died"


class Run(Frozen):
    """One run of a command."""

    id: int
    command: str
    state: str
    started: str
    manifest: dict[str, JsonValue]


class Runs(Connected):
    """A run is noted when it starts; its manifest is written last, so a run without one did not end.

    A run of which only the process is noted goes on, or has died."""

    def start_run(self, command: str, *, process: Mapping[str, JsonValue] | None = None) -> int:
        """The id of a new run, done by the process, which stands in the place of the manifest until the run ends."""
        row = {
            "command": command,
            "state": STARTED,
            "started": datetime.now(UTC).isoformat(),
            "manifest": json.dumps({"process": dict(process)} if process else {}),
        }
        with self.write() as connection:
            key: Any = connection.execute(sa.insert(runs).values(row)).inserted_primary_key
        return int(key[0])

    def end_run(self, run: int, *, state: str, manifest: Mapping[str, JsonValue]) -> None:
        """Write how a run ended."""
        change = {"state": state, "manifest": json.dumps(dict(manifest), ensure_ascii=False)}
        with self.write() as connection:
            connection.execute(sa.update(runs).where(runs.c.seq == run).values(change))

    def dead_runs(self, has_ended: Callable[[Mapping[str, JsonValue]], bool]) -> list[int]:
        """The runs that have died and are not noted so: they never ended, and their processes have."""
        return [
            run.id
            for run in self.runs(state=STARTED)
            if isinstance(process := run.manifest.get("process"), dict) and has_ended(process)
        ]

    def note_deaths(self, has_ended: Callable[[Mapping[str, JsonValue]], bool]) -> int:
        """How many runs were found to have died, and are noted so where that is possible."""
        dead = self.dead_runs(has_ended)
        if dead and not self.read_only:
            with self.write() as connection:
                # A run that has ended meanwhile stays as it ended.
                which = (runs.c.seq.in_(dead), runs.c.state == STARTED)
                connection.execute(sa.update(runs).where(*which).values(state=DIED))
        return len(dead)

    def runs(self, *, state: str | None = None) -> list[Run]:
        """All runs, or those of one state, oldest first."""
        query = sa.select(runs).order_by(runs.c.seq)
        with self.read() as connection:
            rows = connection.execute(query if state is None else query.where(runs.c.state == state)).all()
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
