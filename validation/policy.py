"""The policy: from findings to decisions. Measures and expectations find; only this decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from validation.findings import Finding
from validation.rules import BY_NAME
from validation.settings import Severity

#: Which policy signs, and the version of what it does with findings.
POLICY = "policy:validate@"
SIGNED = f"{POLICY}1"

VERDICTS = {Severity.HARD: Verdict.QUARANTINED, Severity.SOFT: Verdict.NEEDS_REVIEW}


class Row(Protocol):
    """What was measured on a record, by column."""

    def __call__(self, record_id: str, column: str) -> JsonValue:
        """The value, None where there is none."""


def decide(record_ids: Iterable[str], findings: Sequence[Finding], measured: Row) -> Iterator[Decision]:
    """A decision on each record: quarantined, needs review, or accepted when nothing failed.

    The reason is the gravest failure, the first of them in the order of the findings; the details
    hold all of them.
    """
    failures: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.severity is not Severity.HARD):
        for record_id in finding.failed:
            failures.setdefault(record_id, []).append(finding)
    for record_id in record_ids:
        failed = [finding for finding in failures.get(record_id, ()) if finding.severity in VERDICTS]
        yield _failed(record_id, failed, measured) if failed else _passed(record_id)


def _passed(record_id: str) -> Decision:
    return Decision(record_id=record_id, verdict=Verdict.ACCEPTED, by=SIGNED, reason="met every expectation")


def _failed(record_id: str, findings: Sequence[Finding], measured: Row) -> Decision:
    first = findings[0]
    failures = [_failure(record_id, finding, measured) for finding in findings]
    return Decision(
        record_id=record_id,
        verdict=VERDICTS[first.severity],
        by=SIGNED,
        reason=f"{first.expectation}: observed {_plain(first.failed[record_id])}, expected {first.expected}",
        details={**failures[0], "failures": list(failures)},
    )


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
