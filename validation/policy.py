"""The policy: from findings to decisions. Measures and expectations find; only this decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, Required, TypedDict

from pydantic import JsonValue

from curation.decision import TEXT, Decision, DecisionKind, DecisionSubject, Verdict, on_layer, on_privacy
from validation.findings import Finding
from validation.measures.table import KINDS
from validation.rules import BY_NAME
from validation.settings import Severity

#: Which policy signs, and the version of what it does with findings.
POLICY = "policy:validate@"
SIGNED = f"{POLICY}1"

#: The column that says which layer was checked.
LAYER = "layer"

VERDICTS = {Severity.HARD: Verdict.QUARANTINED, Severity.SOFT: Verdict.NEEDS_REVIEW}


class Judgement(TypedDict, total=False):
    """A verdict with its reason, and what it rests on."""

    verdict: Required[Verdict]
    reason: Required[str]
    details: dict[str, JsonValue]


PASSED: Judgement = {"verdict": Verdict.ACCEPTED, "reason": "met every expectation"}
NOT_CHECKED: Judgement = {"verdict": Verdict.NEEDS_REVIEW, "reason": "no expectation looked at it"}


class Row(Protocol):
    """What was measured on a record, by column."""

    def __call__(self, record_id: str, column: str) -> JsonValue:
        """The value, None where there is none."""


def decide(record_ids: Iterable[str], findings: Sequence[Finding], measured: Row) -> Iterator[tuple[Decision, ...]]:
    """The decisions on each record: on its text, on the layer that was checked if it has one, and on its privacy.

    Each is quarantined, needs review, or accepted when nothing of its kind failed; what no expectation looked at
    needs review. The reason is the gravest failure, the first of them in the order of the findings; the details
    hold all of them.
    """
    grave_first = sorted(findings, key=lambda finding: finding.severity is not Severity.HARD)
    asked = [(kind_of(finding), finding) for finding in grave_first if finding.severity in VERDICTS]
    checked = {kind for kind, finding in asked if finding.checked and finding.applies is None}
    conditioned = [(kind, finding) for kind, finding in asked if finding.applies is not None]
    failures: dict[str, list[tuple[DecisionKind, Finding]]] = {}
    for kind, finding in asked:
        for record_id in finding.failed:
            failures.setdefault(record_id, []).append((kind, finding))
    for record_id in record_ids:
        about = tuple(subjects(measured(record_id, LAYER)))
        kinds = {kind for kind, _ in about}
        looked = checked | {kind for kind, finding in conditioned if finding.looks_at(record_id)}
        failed: dict[DecisionKind, list[Finding]] = {kind: [] for kind in kinds}
        for kind, finding in failures.get(record_id, ()):
            # Without a layer, what was expected of one has failed for the record.
            failed[kind if kind in kinds else DecisionKind.TEXT].append(finding)
        yield tuple(
            _decision(record_id, subject, _judgement(record_id, failed[subject[0]], measured, subject[0] in looked))
            for subject in about
        )


def kind_of(finding: Finding) -> DecisionKind:
    """What the verdict is of that a failure of the finding leads to; a steward's own by the column."""
    rule = BY_NAME.get(finding.expectation)
    return rule.of if rule else KINDS.get(finding.column, DecisionKind.TEXT)


def _decision(record_id: str, subject: DecisionSubject, judged: Judgement) -> Decision:
    kind, name = subject
    return Decision(
        record_id=record_id,
        by=SIGNED,
        kind=kind,
        layer=name if kind is DecisionKind.LAYER else None,
        destination=name if kind is DecisionKind.PRIVACY else None,
        **judged,
    )


def subjects(layer: JsonValue) -> Iterator[DecisionSubject]:
    """What is decided about a record: its text, the layer that was checked if there is one, its privacy."""
    yield TEXT
    if layer is not None:
        yield on_layer(str(layer))
    yield on_privacy()


def _judgement(record_id: str, failed: Sequence[Finding], measured: Row, is_checked: bool) -> Judgement:
    if not failed:
        return PASSED if is_checked else NOT_CHECKED
    first = failed[0]
    failures = [_failure(record_id, finding, measured) for finding in failed]
    return {
        "verdict": VERDICTS[first.severity],
        "reason": f"{first.expectation}: observed {_plain(first.failed[record_id])}, expected {first.expected}",
        "details": {**failures[0], "failures": list(failures)},
    }


def _failure(record_id: str, finding: Finding, measured: Row) -> dict[str, JsonValue]:
    rule = BY_NAME.get(finding.expectation)
    beside: Mapping[str, JsonValue] = {column: measured(record_id, column) for column in (rule.beside if rule else ())}
    return {
        "expectation": finding.expectation,
        "severity": finding.severity.value,
        "column": finding.column,
        "observed": finding.failed[record_id],
        "threshold": dict(finding.threshold),
        **({"beside": dict(beside)} if beside else {}),
    }


def _plain(value: JsonValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
