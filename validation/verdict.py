"""The verdict on a whole store: expectations put to what was measured, decisions made and stored, a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import UsageError
from curation.scheme import Scheme
from curation.store import Store
from validation.findings import Finding
from validation.frame import Frame, not_taken, rows, whole_of
from validation.gx.checkpoint import OpenSuite
from validation.measures import Scope
from validation.measures.measure import VECTORS
from validation.policy import POLICY, decide
from validation.quarantine import failing_anew
from validation.report import Judged, write_report
from validation.settings import IN_MEMORY, Engine, ValidationSettings
from validation.stage import Measure
from validation.table import Table

#: Where the report goes, below the workspace.
REPORT = Path("reports") / "validation"
#: The sides on which this policy puts records.
SIDES = (Verdict.ACCEPTED, Verdict.NEEDS_REVIEW, Verdict.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What validation said: how many records on which side, why, and where to read it."""

    counts: Mapping[str, int]  # our decisions by verdict
    decided_by_others: Mapping[str, int]  # records whose decision is a person's or another policy's
    failing_anew: Mapping[str, Sequence[str]]  # accepted by a person, and failing what she had not seen fail
    unmeasured: int  # records that could not be measured, or not yet: no decision
    changed: int  # decisions that are new
    per_expectation: tuple[Finding, ...]
    data_docs: Path
    report: Path
    by_hand: tuple[str, ...]  # expectations that a steward has changed or added
    deleted: tuple[str, ...]  # expectations of ours that a steward has deleted

    @property
    def suite_kept(self) -> bool:
        """Whether the suite differs from ours by a steward's hand, which was respected."""
        return bool(self.by_hand or self.deleted)

    @property
    def not_measured(self) -> Mapping[str, Sequence[str]]:
        """The expectations that looked at no record, by the reason."""
        reasons: dict[str, list[str]] = {}
        for finding in self.per_expectation:
            if finding.not_measured:
                reasons.setdefault(finding.not_measured, []).append(finding.expectation)
        return reasons

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "counts": dict(self.counts),
            "decided_by_others": dict(self.decided_by_others),
            "failing_anew": {record_id: list(names) for record_id, names in self.failing_anew.items()},
            "unmeasured": self.unmeasured,
            "changed": self.changed,
            "expectations": [finding.as_json() for finding in self.per_expectation],
            "suite_kept": self.suite_kept,
            "by_hand": list(self.by_hand),
            "deleted": list(self.deleted),
            "data_docs": str(self.data_docs),
            "report": str(self.report),
        }


def judge(store: Store, scheme: Scheme, settings: ValidationSettings, workspace: Path) -> Verdicts:
    """Decisions on all measured records, under the expectations in `workspace/gx`.

    A person's decision stays, and so does another policy's. Only decisions that say something new are
    added. Raises UsageError when nothing was measured, ConfigError when a steward's suite cannot be read.
    """
    others = store.decisions_not_by(POLICY)
    scope = Scope(scheme, settings, workspace / VECTORS)
    suite = OpenSuite(scheme, settings, workspace)
    measured = gather(store, scope, others, suite.columns)
    outcome = suite.check(measured)
    foreign = Counter(others[record_id].verdict.value for record_id in measured.ids() if record_id in others)
    sides: Counter[Verdict] = Counter()
    failed: list[Decision] = []

    def ours() -> Iterator[Decision]:
        for decision in decide(measured.ids(), outcome.findings, measured):
            if decision.record_id not in others:
                sides[decision.verdict] += 1
                if decision.verdict is not Verdict.ACCEPTED:
                    failed.append(decision)
                yield decision

    changed = store.decide(ours())
    judged = Judged(
        store=store,
        scope=scope,
        counts={verdict.value: sides[verdict] for verdict in SIDES},
        decided_by_others=dict(sorted(foreign.items())),
        failing_anew=failing_anew(others, outcome.findings),
        unmeasured=sum(store.count_records().values()) - len(measured),
        failed=failed,
        measured=measured,
        outcome=outcome,
    )
    return Verdicts(
        counts=judged.counts,
        decided_by_others=judged.decided_by_others,
        failing_anew=judged.failing_anew,
        unmeasured=judged.unmeasured,
        changed=changed,
        per_expectation=outcome.findings,
        data_docs=outcome.data_docs,
        report=write_report(judged, workspace / REPORT),
        by_hand=outcome.by_hand,
        deleted=outcome.deleted,
    )


def gather(store: Store, scope: Scope, others: Mapping[str, Decision], looked_at: Container[str]) -> Frame | Table:
    """What was measured, where the engine of the settings reads it. Raises UsageError when nothing was.

    looked_at: the columns that an expectation looks at; what takes the whole set is measured for these alone.
    """
    whole = whole_of(store, scope, others, looked_at)
    found, missing = rows(whole), not_taken(whole)
    in_the_store = _in_the_store(store, scope.settings.engine)
    measured = Table(store, found, missing) if in_the_store else Frame(found, missing)
    if not len(measured):
        raise UsageError("expected measured records, there are none: import records and run `curate validate`")
    return measured


def _in_the_store(store: Store, engine: Engine) -> bool:
    if engine is not Engine.AUTO:
        return engine is Engine.SQL
    return any(True for _ in islice(store.measured_ids(Measure.name), IN_MEMORY, None))
