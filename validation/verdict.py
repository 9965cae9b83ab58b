"""The verdict on a whole store: expectations put to what was measured, decisions made and stored, a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from curation.batches import batched
from curation.decision import TEXT, Decision, DecisionKind, DecisionSubject, Verdict, gravest
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.scheme import Scheme
from curation.store import Store
from curation.store.engine import CHUNK
from validation.findings import Finding
from validation.frame import Frame, RowsOver, not_taken, rows, whole_of
from validation.gx.checkpoint import OpenSuite
from validation.last_findings import keep_findings
from validation.measures.measure import VECTORS, MeasureSpec, Scope
from validation.new_failures import failing_anew
from validation.policy import LAYER, POLICY, decide
from validation.quarantine import failures_of
from validation.report import Judged, write_report
from validation.set_rows import SetRows
from validation.settings import IN_MEMORY, Engine, ValidationSettings
from validation.stage import Measure
from validation.table import MeasureTable

#: Where the report goes, below the workspace.
REPORT = Path("reports") / "validation"
#: What is counted where a record has no layer to check.
NO_LAYER = "none"
#: The sides on which this policy puts records.
SIDES = (Verdict.ACCEPTED, Verdict.NEEDS_REVIEW, Verdict.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The outcome of validation: how many records on which side, why, and where to read it."""

    counts: Mapping[str, int]  # records by the graver of the verdicts on text and checked layer, where it is ours
    by_kind: Mapping[str, Mapping[str, int]]  # our verdicts on texts, on checked layers, and on privacy
    decided_by_others: Mapping[str, int]  # the same where it is a person's or another policy's
    #: Accepted by a person, and failing an expectation that was not failing then.
    failing_anew: Mapping[str, Sequence[str]]
    unmeasured: int  # records that could not be measured, or not yet: no decision
    layers: Mapping[str, int]  # how many records were checked by which layer
    without_layer: int  # records that have none of them
    not_annotated: int  # those of them of which only the text was checked, and met what is expected
    changed: int  # decisions that are new
    renewed: int  # layers that a person had accepted in an older version: decided by this policy
    per_expectation: tuple[Finding, ...]
    data_docs: Path
    report: Path
    by_hand: tuple[str, ...]  # expectations that a steward has changed or added
    deleted: tuple[str, ...]  # expectations of ours that a steward has deleted

    @property
    def suite_kept(self) -> bool:
        """Whether a steward has changed the suite; such changes are kept."""
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
            "counts_by_kind": {kind: dict(counts) for kind, counts in self.by_kind.items()},
            "decided_by_others": dict(self.decided_by_others),
            "failing_anew": {record_id: list(names) for record_id, names in self.failing_anew.items()},
            "unmeasured": self.unmeasured,
            "layers": dict(self.layers),
            "without_layer": self.without_layer,
            "not_annotated": self.not_annotated,
            "changed": self.changed,
            "renewed": self.renewed,
            "expectations": [finding.as_json() for finding in self.per_expectation],
            "suite_kept": self.suite_kept,
            "by_hand": list(self.by_hand),
            "deleted": list(self.deleted),
            "data_docs": str(self.data_docs),
            "report": str(self.report),
        }


def judge(
    store: Store, scheme: Scheme, settings: ValidationSettings, workspace: Path, *, gate: Gate | None = None
) -> Verdicts:
    """Decisions on all measured records, under the expectations in `workspace/gx`.

    A person's decision on the same subject stays, and so does another policy's. Only decisions that differ from
    the latest are added. Raises UsageError when nothing was measured, ConfigError when a suite cannot be read.
    """
    scope = Scope(scheme, settings, workspace / VECTORS, gate)
    suite = OpenSuite(scheme, settings, workspace)
    # What was measured, and on which versions of the layers: both from one moment, whatever comes in meanwhile.
    with store.snapshot() as known:
        outdated = known.outdated_decisions()
        foreign, foreign_outdated = foreign_decisions(known, outdated=outdated), not_by_policy(outdated)
        set_rows = SetRows(workspace)
        measured = gather(known, scope, by_record(foreign), suite.columns, rows_over=set_rows.rows)
        set_rows.write()
        outcome = suite.check(measured)
        keep_findings(
            workspace,
            store,
            settings,
            measured,
            outcome.findings,
            suite=outcome.suite,
            deleted=outcome.deleted,
            looked_at=suite.columns,
        )
        made = _Made()
        for batch in batched(decide(measured.ids(), outcome.findings, measured), CHUNK):
            made.add(store, _Judgement(store, _with_versions(known, batch)), foreign_outdated)
    layers = measured.counts(LAYER)
    without_layer = layers.pop(NO_LAYER, 0)
    judged = Judged(
        store=store,
        scope=scope,
        counts=_by_verdict(made.tally.sides),
        by_kind={kind.value: _by_verdict(made.tally.by_kind[kind]) for kind in DecisionKind},
        decided_by_others={verdict.value: count for verdict, count in sorted(made.tally.by_others.items())},
        failing_anew=failing_anew(foreign, outcome.findings, measured),
        unmeasured=sum(store.count_records().values()) - len(measured),
        layers=dict(sorted(layers.items())),
        not_annotated=made.tally.not_annotated,
        failed=made.failed,
        measured=measured,
        outcome=outcome,
    )
    return _verdicts(judged, made, without_layer=without_layer, report=write_report(judged, workspace / REPORT))


def _verdicts(judged: Judged, made: _Made, *, without_layer: int, report: Path) -> Verdicts:
    outcome = judged.outcome
    return Verdicts(
        counts=judged.counts,
        by_kind=judged.by_kind,
        decided_by_others=judged.decided_by_others,
        failing_anew=judged.failing_anew,
        unmeasured=judged.unmeasured,
        layers=judged.layers,
        without_layer=without_layer,
        not_annotated=judged.not_annotated,
        changed=made.changed,
        renewed=made.renewed,
        per_expectation=outcome.findings,
        data_docs=outcome.data_docs,
        report=report,
        by_hand=outcome.by_hand,
        deleted=outcome.deleted,
    )


#: The decisions of people and of other policies, by record and subject.
ForeignDecisions = Mapping[tuple[str, DecisionSubject], Decision]


@dataclass(frozen=True, slots=True)
class Divided:
    """The decisions that count on one record: ours, and those of others that stand in the place of ours."""

    ours: tuple[Decision, ...]
    foreign: tuple[Decision, ...]
    has_layer: bool = True

    def side(self) -> Verdict | None:
        """The graver of the verdicts on text and checked layer, ours or another's."""
        return _gravest((*self.ours, *self.foreign))

    def privacy(self) -> Verdict | None:
        """The verdict on privacy, ours or another's."""
        both = (*self.ours, *self.foreign)
        return next((decision.verdict for decision in both if decision.kind is DecisionKind.PRIVACY), None)

    @property
    def not_annotated(self) -> bool:
        """Whether only the text was accepted, and by us, because there is no layer to check."""
        return not self.has_layer and not self.foreign and self.side() is Verdict.ACCEPTED


@dataclass(slots=True)
class VerdictTally:
    """How many records are on which side, and how many verdicts of each kind are ours."""

    sides: Counter[Verdict] = field(default_factory=Counter)
    by_others: Counter[Verdict] = field(default_factory=Counter)
    by_kind: Mapping[DecisionKind, Counter[Verdict]] = field(
        default_factory=lambda: {kind: Counter() for kind in DecisionKind}
    )
    not_annotated: int = 0

    def add(self, records: Iterable[Divided]) -> None:
        """Count more records; one is others' where the graver of its verdicts is theirs."""
        for record in records:
            side = record.side()
            if record.not_annotated:
                self.not_annotated += 1
            elif side is not None:
                counts = self.by_others if side is _gravest(record.foreign) else self.sides
                counts[side] += 1
            for decision in record.ours:
                self.by_kind[decision.kind][decision.verdict] += 1


class _Judgement:
    """This policy's decisions on some records, beside what others have decided by the time they are stored."""

    def __init__(self, store: Store, batch: Sequence[Sequence[Decision]]) -> None:
        self._store = store
        self._batch = batch
        self.ids = [decisions[0].record_id for decisions in batch if decisions]
        self.divided: list[Divided] = []

    @property
    def ours(self) -> list[Decision]:
        """The decisions that are this policy's to make."""
        return [decision for record_decisions in self.divided for decision in record_decisions.ours]

    def make(self) -> list[Decision]:
        """`ours` by what others have decided now."""
        foreign = foreign_decisions(self._store, self.ids)
        self.divided = [divide(decisions, foreign) for decisions in self._batch]
        return self.ours


@dataclass(slots=True)
class _Made:
    """What came of all judgements: how they divide, which failed, how many were new or renewed outdated ones."""

    tally: VerdictTally = field(default_factory=VerdictTally)
    failed: list[Decision] = field(default_factory=list)
    changed: int = 0
    renewed: int = 0

    def add(self, store: Store, judgement: _Judgement, outdated: frozenset[tuple[str, DecisionSubject]]) -> None:
        """Store a judgement and count it."""
        self.changed += store.decide_on(judgement.ids, judgement.make)
        self.tally.add(judgement.divided)
        self.failed += [decision for decision in judgement.ours if failures_of(decision)]
        self.renewed += sum((decision.record_id, decision.subject) in outdated for decision in judgement.ours)


def foreign_decisions(
    store: Store, ids: Sequence[str] | None = None, *, outdated: ForeignDecisions | None = None
) -> ForeignDecisions:
    """The decisions that count and are not this policy's; none on a layer that was accepted and has changed since.

    outdated: the store's outdated decisions, where they are known already.
    """
    if outdated is None:
        outdated = store.outdated_decisions(ids)
    found = {(decision.record_id, decision.subject): decision for decision in store.decisions_not_by(POLICY, ids)}
    return {key: decision for key, decision in found.items() if key not in outdated}


def not_by_policy(decided: ForeignDecisions) -> frozenset[tuple[str, DecisionSubject]]:
    """The records and subjects of those of the decisions that this policy has not made."""
    return frozenset(key for key, decision in decided.items() if not decision.by.startswith(POLICY))


def _with_versions(store: Store, batch: Sequence[Sequence[Decision]]) -> list[list[Decision]]:
    """Each record's decisions, those on layers with the version that was measured: a newer one may be there now."""
    seen = store.seen_layers(Measure.name, [decisions[0].record_id for decisions in batch if decisions])
    return [
        [
            decision.model_copy(update={"version": seen.get((decision.record_id, decision.layer))})
            if decision.layer is not None
            else decision
            for decision in decisions
        ]
        for decisions in batch
    ]


def by_record(foreign: ForeignDecisions) -> dict[str, Decision]:
    """What others decided about each record's text; else a layer that they accepted, which is work in the record."""
    layers = {id: decision for (id, _), decision in foreign.items() if _is_accepted_layer(decision)}
    return layers | {id: decision for (id, subject), decision in foreign.items() if subject == TEXT}


def divide(decisions: Iterable[Decision], foreign: ForeignDecisions) -> Divided:
    """One record's decisions: ours, without those in whose place others' stand.

    Of a record whose text others have rejected nothing else is decided.
    """
    ours: list[Decision] = []
    stand: list[Decision] = []
    has_layer = False
    for decision in decisions:
        has_layer |= decision.kind is DecisionKind.LAYER
        text = foreign.get((decision.record_id, TEXT))
        standing = foreign.get((decision.record_id, decision.subject))
        if standing is not None:
            stand.append(standing)
        elif text is None or text.verdict is not Verdict.REJECTED:
            ours.append(decision)
    return Divided(tuple(ours), tuple(stand), has_layer)


def _is_accepted_layer(decision: Decision) -> bool:
    return decision.kind is DecisionKind.LAYER and decision.verdict is Verdict.ACCEPTED


def _gravest(decisions: Iterable[Decision]) -> Verdict | None:
    """The gravest verdict on text and layer, None where there is none; privacy is told apart."""
    verdicts = [decision.verdict for decision in decisions if decision.kind is not DecisionKind.PRIVACY]
    return gravest(verdicts) if verdicts else None


def _by_verdict(counted: Counter[Verdict]) -> dict[str, int]:
    return {verdict.value: counted[verdict] for verdict in SIDES}


def gather(
    store: Store,
    scope: Scope,
    foreign: Mapping[str, Decision],
    looked_at: Container[str],
    *,
    rows_over: RowsOver = MeasureSpec.rows_over,
) -> Frame | MeasureTable:
    """What was measured, where the engine of the settings reads it. Raises UsageError when nothing was.

    looked_at: the columns that an expectation looks at; what takes the whole set is measured for these alone, by
    rows_over.
    """
    whole = whole_of(store, scope, foreign, looked_at)
    found, missing = rows(whole, rows_over), not_taken(whole)
    if _in_the_store(store, scope.settings.engine):
        folder = scope.vectors.parent if scope.vectors else None
        measured: Frame | MeasureTable = MeasureTable(store, found, missing, workspace=folder)
    else:
        measured = Frame(found, missing)
    if not len(measured):
        raise UsageError("expected measured records, there are none: import records and run `curate validate`")
    return measured


def _in_the_store(store: Store, engine: Engine) -> bool:
    if engine is not Engine.AUTO:
        return engine is Engine.SQL
    return any(True for _ in islice(store.measured_ids(Measure.name), IN_MEMORY, None))
