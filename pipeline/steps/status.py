"""What there is in a store, in counts."""

from __future__ import annotations

from typing import Any

from curation.record import Frozen
from curation.store import Store


class FailureSeen(Frozen):
    """A record that a stage could not do."""

    stage: str
    record_id: str
    attempts: int
    error: str


class SetSeen(Frozen):
    """A curated set."""

    name: str
    records: int
    digest: str


class Status(Frozen):
    """Counts per language, layer, stage and decision, and every failure."""

    records: dict[str, int]
    layers: dict[str, int]
    stages: dict[str, dict[str, int]]
    decisions: dict[str, int]
    undecided: int
    failures: tuple[FailureSeen, ...]
    sets: tuple[SetSeen, ...]
    runs: tuple[dict[str, Any], ...]


def read_status(store: Store, *, runs: int = 5) -> Status:
    """The status of a store, with its last runs."""
    records, decisions = store.count_records(), store.count_decisions()
    last = store.runs()[-runs:] if runs else []
    return Status(
        records=records,
        layers=store.layer_names(),
        stages=store.count_jobs(),
        decisions=decisions,
        undecided=sum(records.values()) - sum(decisions.values()),
        failures=tuple(
            FailureSeen(stage=one.stage, record_id=one.record_id, attempts=one.attempts, error=one.error)
            for one in store.failures()
        ),
        sets=tuple(
            SetSeen(name=f"{one.name}@{one.version}", records=one.records, digest=one.digest)
            for one in store.curated_sets()
        ),
        runs=tuple({"run": run.id, "command": run.command, "state": run.state, "started": run.started} for run in last),
    )
