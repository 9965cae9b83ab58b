"""What another setting would change: the same measures, other verdicts, nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.decision import Verdict
from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.scheme import Scheme
from curation.store import Store
from validation.findings import Finding
from validation.gx.checkpoint import OpenSuite, suite_file
from validation.last_findings import last_findings, only_judges
from validation.measures.measure import VECTORS, Scope
from validation.policy import Row, decide
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import ForeignDecisions, by_record, divide, foreign_decisions, gather

#: From one verdict to the other: record ids.
Moves = Mapping[tuple[Verdict, Verdict], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The records that would change sides, and how often each expectation would fail."""

    records: int
    moves: Moves  # of the graver of the verdicts on text and checked layer
    privacy_moves: Moves
    held: int  # records that would move, were they not decided by a person or another policy
    failures: Mapping[str, tuple[int, int]]  # failing records before and after, where the two differ
    unmeasured: int = 0  # records that were not measured: nothing is known of them
    not_measured: tuple[str, ...] = ()  # expectations that would look at no record

    @property
    def moved(self) -> int:
        """How many records would change sides."""
        return sum(len(ids) for ids in self.moves.values())

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "records": self.records,
            "moved": self.moved,
            "held": self.held,
            "unmeasured": self.unmeasured,
            "not_measured": list(self.not_measured),
            "moves": _moves_json(self.moves),
            "privacy_moves": _moves_json(self.privacy_moves),
            "expectations": [
                {"expectation": name, "failed": before, "would_fail": after}
                for name, (before, after) in self.failures.items()
            ],
        }


def _moves_json(moves: Moves) -> list[JsonValue]:
    return [
        {"from": before.value, "to": after.value, "records": len(ids), "ids": list(ids)}
        for (before, after), ids in moves.items()
    ]


def what_if(
    store: Store,
    scheme: Scheme,
    now: ValidationSettings,
    then: ValidationSettings,
    workspace: Path,
    *,
    gate: Gate | None = None,
) -> WhatIf:
    """The difference that the settings `then` would make in place of `now`, from what is measured already.

    What the last validation found is judged anew where it stands for the store as it is; else the suite is put to the
    measures again. Raises UsageError when `then` needs records to be measured anew, or nothing is measured.
    """
    last = last_findings(workspace, store, now, suite_file(workspace)) if only_judges(now, then) else None
    after = last.under(scheme, now, then) if last else None
    if last is not None and after is not None:
        foreign = foreign_decisions(store)
        return _difference(
            store, _sides(last.rows, last, last.findings, foreign), _sides(last.rows, last, after, foreign)
        )
    before, after_it = (Measure.over(store, scheme, settings, gate=gate).fingerprint for settings in (now, then))
    if before != after_it:
        raise UsageError(
            "expected a change of thresholds or severities, got one that needs records to be measured anew; "
            "put it into curate.toml and run `curate validate`"
        )
    foreign = foreign_decisions(store)
    return _difference(
        store,
        _judged(store, Scope(scheme, now, workspace / VECTORS, gate), workspace, foreign),
        _judged(store, Scope(scheme, then, workspace / VECTORS, gate), workspace, foreign),
    )


def _difference(store: Store, before: _Judged, after: _Judged) -> WhatIf:
    moves = _moves(before.sides, after.sides)
    ungoverned = _moves(before.ours, after.ours)
    return WhatIf(
        records=len(before.sides),
        moves=moves,
        privacy_moves=_moves(before.privacy, after.privacy),
        held=len(_ids(ungoverned) - _ids(moves)),
        failures=_differences(before.findings, after.findings),
        unmeasured=sum(store.count_records().values()) - len(before.sides),
        not_measured=tuple(finding.expectation for finding in after.findings if finding.not_measured),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    sides: dict[str, Verdict | None]
    ours: dict[str, Verdict | None]  # the sides, were there no decisions by others
    privacy: dict[str, Verdict | None]
    findings: Sequence[Finding]


def _judged(store: Store, scope: Scope, workspace: Path, foreign: ForeignDecisions) -> _Judged:
    suite = OpenSuite(scope.scheme, scope.settings, workspace)
    measured = gather(store, scope, by_record(foreign), suite.columns)
    return _sides(measured.ids(), measured, suite.preview(measured), foreign)


def _sides(ids: Iterable[str], measured: Row, findings: Sequence[Finding], foreign: ForeignDecisions) -> _Judged:
    judged = _Judged({}, {}, {}, findings)
    for decisions in decide(ids, findings, measured):
        id, divided = decisions[0].record_id, divide(decisions, foreign)
        judged.sides[id], judged.privacy[id] = divided.side(), divided.privacy()
        judged.ours[id] = divide(decisions, {}).side()
    return judged


def _moves(before: Mapping[str, Verdict | None], after: Mapping[str, Verdict | None]) -> Moves:
    found: dict[tuple[Verdict, Verdict], list[str]] = {}
    for id, verdict in before.items():
        verdict_after = after[id]
        if verdict is not None and verdict_after is not None and verdict is not verdict_after:
            found.setdefault((verdict, verdict_after), []).append(id)
    return {way: tuple(ids) for way, ids in sorted(found.items())}


def _ids(moves: Moves) -> set[str]:
    return {id for ids in moves.values() for id in ids}


def _differences(before: Sequence[Finding], after: Sequence[Finding]) -> dict[str, tuple[int, int]]:
    counts: list[Counter[str]] = [Counter(), Counter()]
    for counter, findings in zip(counts, (before, after), strict=True):
        for finding in findings:
            counter[finding.expectation] += len(finding.failed)
    names = dict.fromkeys(finding.expectation for finding in (*before, *after))
    return {name: (counts[0][name], counts[1][name]) for name in names if counts[0][name] != counts[1][name]}
