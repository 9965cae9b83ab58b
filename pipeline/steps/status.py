"""What there is in a store, in counts."""

from __future__ import annotations

from typing import Any

from curation.decision import DecisionKind
from curation.record import Frozen
from curation.store import Store


class FailureRow(Frozen):
    """A record that a stage could not do."""

    stage: str
    record_id: str
    attempts: int
    error: str


class CuratedSetRow(Frozen):
    """A curated set."""

    name: str
    records: int
    digest: str


class WorkspaceStatus(Frozen):
    """Counts per language, layer, stage and decision, and every failure."""

    records: dict[str, int]
    layers: dict[str, int]
    stages: dict[str, dict[str, int]]
    decisions: dict[str, int]  # on texts
    decisions_on_layers: dict[str, dict[str, int]]
    decisions_on_privacy: dict[str, dict[str, int]]
    undecided: int
    failures: tuple[FailureRow, ...]
    sets: tuple[CuratedSetRow, ...]
    runs: tuple[dict[str, Any], ...]


def read_status(store: Store, *, runs: int = 5) -> WorkspaceStatus:
    """The status of a store, with its last runs."""
    records, decisions = store.count_records(), store.count_decisions().get("", {})
    last = store.runs()[-runs:] if runs else []
    return WorkspaceStatus(
        records=records,
        layers=store.layer_names(),
        stages=store.count_jobs(),
        decisions=decisions,
        decisions_on_layers=store.count_decisions(DecisionKind.LAYER),
        decisions_on_privacy=store.count_decisions(DecisionKind.PRIVACY),
        undecided=sum(records.values()) - sum(decisions.values()),
        failures=tuple(
            FailureRow(stage=failure.stage, record_id=failure.record_id, attempts=failure.attempts, error=failure.error)
            for failure in store.failures()
        ),
        sets=tuple(
            CuratedSetRow(name=f"{curated.name}@{curated.version}", records=curated.records, digest=curated.digest)
            for curated in store.curated_sets()
        ),
        runs=tuple({"run": run.id, "command": run.command, "state": run.state, "started": run.started} for run in last),
    )
