"""What another setting would change: the same measures, other verdicts, nothing stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import UsageError
from curation.scheme import Scheme
from curation.store import Store
from validation.findings import Finding
from validation.gx.checkpoint import OpenSuite
from validation.measures import Scope
from validation.measures.measure import VECTORS
from validation.policy import POLICY, decide
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation.verdict import gather


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The records that would change sides, and how often each expectation would fail."""

    records: int
    moves: Mapping[tuple[Verdict, Verdict], tuple[str, ...]]  # from one side to the other: record ids
    held: int  # records that would move, were they not decided by a person or another policy
    failures: Mapping[str, tuple[int, int]]  # failing records before and after, where the two differ

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
            "moves": [
                {"from": one.value, "to": other.value, "records": len(ids), "ids": list(ids)}
                for (one, other), ids in self.moves.items()
            ],
            "expectations": [
                {"expectation": name, "failed": before, "would_fail": after}
                for name, (before, after) in self.failures.items()
            ],
        }


def what_if(store: Store, scheme: Scheme, now: ValidationSettings, then: ValidationSettings, workspace: Path) -> WhatIf:
    """The difference that the settings `then` would make in place of `now`, from what is measured already.

    Raises UsageError when `then` needs records to be measured anew, or nothing is measured.
    """
    if Measure.over(store, scheme, now).fingerprint != Measure.over(store, scheme, then).fingerprint:
        raise UsageError(
            "expected a change of thresholds or severities, got one that needs records to be measured anew; "
            "put it into curate.toml and run `curate validate`"
        )
    others = store.decisions_not_by(POLICY)
    before = _judged(store, scheme, now, workspace, others)
    after = _judged(store, scheme, then, workspace, others)
    moved = [id for id, side in before.sides.items() if side is not after.sides[id]]
    moves: dict[tuple[Verdict, Verdict], list[str]] = {}
    for id in moved:
        if id not in others:
            moves.setdefault((before.sides[id], after.sides[id]), []).append(id)
    return WhatIf(
        records=len(before.sides),
        moves={way: tuple(ids) for way, ids in sorted(moves.items())},
        held=len(moved) - sum(len(ids) for ids in moves.values()),
        failures=_differences(before.findings, after.findings),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    sides: Mapping[str, Verdict]
    findings: Sequence[Finding]


def _judged(
    store: Store, scheme: Scheme, settings: ValidationSettings, workspace: Path, others: Mapping[str, Decision]
) -> _Judged:
    suite = OpenSuite(scheme, settings, workspace)
    measured = gather(store, Scope(scheme, settings, workspace / VECTORS), others, suite.columns)
    findings = suite.preview(measured)
    decisions = decide(measured.ids(), findings, measured)
    return _Judged({one.record_id: one.verdict for one in decisions}, findings)


def _differences(before: Sequence[Finding], after: Sequence[Finding]) -> dict[str, tuple[int, int]]:
    counts = [Counter({one.expectation: len(one.failed) for one in findings}) for findings in (before, after)]
    names = dict.fromkeys(one.expectation for one in (*before, *after))
    return {name: (counts[0][name], counts[1][name]) for name in names if counts[0][name] != counts[1][name]}
