"""What there is in a store, in counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from curation.decision import DecisionKind
from curation.models.contract import Finish
from curation.record import Frozen
from curation.store import Store
from curation.store.answers import Spending
from curation.store.jobs import Failure
from curation.store.runs import DIED
from pipeline.process_identity import has_ended
from pipeline.steps.batches import BatchRow, list_batches
from validation.standing import standings


class FailureRow(Frozen):
    """A record that a stage could not do."""

    stage: str
    record_id: str
    source_id: str | None
    attempts: int
    error: str
    kind: str | None  # of the answers of a language model: truncated, refused, unparsable ...
    may_pass: bool  # no fault of the record: the next run tries it by itself


class SpendingRow(Frozen):
    """What a language model was asked for by one stage, and what that cost.

    attempts: by how each ended. valid: the share of the answers that were whole (the model stopped by itself), None
    without any. unpriced: answers of which nobody knows the price.
    """

    model: str
    purpose: str
    answers: int
    valid: float | None
    attempts: dict[str, int]
    tokens_in: int
    tokens_out: int
    cost: float
    unpriced: int
    forgotten: int


class CuratedSetRow(Frozen):
    """A curated set."""

    name: str
    records: int
    deleted: int  # after freezing; then the digest fits no more
    digest: str


class WorkspaceStatus(Frozen):
    """Counts per language, layer, stage and decision, and every failure."""

    records: dict[str, int]
    layers: dict[str, int]
    stages: dict[str, dict[str, int]]
    decisions: dict[str, int]  # on texts
    decisions_on_layers: dict[str, dict[str, int]]
    outdated_decisions: dict[str, int]  # those of them that are on an older version of the layer
    decisions_on_privacy: dict[str, dict[str, int]]
    undecided: int
    standing: dict[str, int]  # of every record, in one row each
    failures: tuple[FailureRow, ...]
    failures_by_kind: dict[str, dict[str, int]]  # of each stage whose failures have kinds
    spending: tuple[SpendingRow, ...]
    batches: tuple[BatchRow, ...]  # of which something lies at a provider
    sets: tuple[CuratedSetRow, ...]
    runs: tuple[dict[str, Any], ...]


def read_status(store: Store, *, runs: int = 5) -> WorkspaceStatus:
    """The status of a store, with its last runs."""
    dead = store.dead_runs(has_ended)
    store.note_deaths(has_ended)
    records, decisions = store.count_records(), store.count_decisions().get("", {})
    failures = store.failures()
    names = store.source_ids(failure.record_id for failure in failures)
    last = store.runs()[-runs:] if runs else []
    return WorkspaceStatus(
        records=records,
        layers=store.layer_names(),
        stages=store.count_jobs(),
        decisions=decisions,
        decisions_on_layers=store.count_decisions(DecisionKind.LAYER),
        outdated_decisions=dict(Counter(name for _, (_, name) in store.outdated_decisions())),
        decisions_on_privacy=store.count_decisions(DecisionKind.PRIVACY),
        standing=standings(store),
        undecided=sum(records.values()) - sum(decisions.values()),
        failures=tuple(
            FailureRow(
                stage=failure.stage,
                record_id=failure.record_id,
                source_id=names.get(failure.record_id),
                attempts=failure.attempts,
                error=failure.error,
                kind=failure.kind,
                may_pass=failure.may_pass,
            )
            for failure in failures
        ),
        failures_by_kind=_by_kind(failures),
        spending=tuple(map(_spent, store.spending())),
        batches=tuple(list_batches(store)),
        sets=tuple(
            CuratedSetRow(
                name=f"{curated.name}@{curated.version}",
                records=curated.records,
                deleted=sum(curated.deleted.values()),
                digest=curated.digest,
            )
            for curated in store.curated_sets()
        ),
        runs=tuple(
            {
                "run": run.id,
                "command": run.command,
                "state": DIED if run.id in dead else run.state,
                "started": run.started,
            }
            for run in last
        ),
    )


def _by_kind(failures: Sequence[Failure]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for failure in failures:
        if failure.kind is not None:
            found.setdefault(failure.stage, Counter())[failure.kind] += 1
    return {stage: dict(sorted(kinds.items())) for stage, kinds in sorted(found.items())}


def _spent(spending: Spending) -> SpendingRow:
    whole = spending.attempts.get(Finish.STOP, 0)
    return SpendingRow(
        model=spending.model,
        purpose=spending.purpose,
        answers=spending.answers,
        valid=round(whole / spending.answers, 4) if spending.answers else None,
        attempts=dict(spending.attempts),
        tokens_in=spending.tokens_in,
        tokens_out=spending.tokens_out,
        cost=round(spending.cost, 6),
        unpriced=spending.unpriced,
        forgotten=spending.forgotten,
    )
