"""What validation has set aside, and what a person decides about it; every decision is added, none replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import UsageError
from curation.record import Record
from curation.store import Store
from validation.findings import Finding
from validation.settings import Severity

#: How a person signs.
HUMAN = "human:"


@dataclass(frozen=True, slots=True)
class Case:
    """A record with all that was ever decided about it, oldest first."""

    record: Record
    history: tuple[Decision, ...]

    @property
    def latest(self) -> Decision:
        """The decision that counts."""
        return self.history[-1]

    @property
    def failures(self) -> tuple[JsonValue, ...]:
        """What failed at the latest decision, each with the observed value and the threshold."""
        return failures_of(self.latest)


def failures_of(decision: Decision) -> tuple[JsonValue, ...]:
    """The failures that a decision rests on."""
    failures = decision.details.get("failures")
    return tuple(failures) if isinstance(failures, list) else ()


def expectations_of(decision: Decision) -> frozenset[str]:
    """The names of the expectations that a decision knew to have failed."""
    return frozenset(str(one["expectation"]) for one in failures_of(decision) if isinstance(one, dict))


def quarantined(store: Store, *, expectation: str | None = None) -> list[Decision]:
    """The records that are set aside, by the expectation that failed first; or those that failed a certain one."""
    found = [one for one in store.decisions().values() if one.verdict is Verdict.QUARANTINED]
    if expectation is not None:
        found = [one for one in found if expectation in expectations_of(one)]
    return sorted(found, key=lambda one: (str(one.details.get("expectation", "")), one.record_id))


def case(store: Store, record_id: str) -> Case:
    """A record and its decisions. Raises UsageError when there is no such record, or nothing was decided yet."""
    record = next(iter(store.records(ids=[record_id])), None)
    if record is None:
        raise UsageError(f"expected a record of the store, got {record_id!r}; see `curate quarantine list`")
    history = tuple(store.decision_history(record_id))
    if not history:
        raise UsageError(f"expected a decision on record {record_id}, there is none yet; run `curate validate`")
    return Case(record, history)


def release(store: Store, record_id: str, *, by: str, reason: str) -> Decision:
    """The record is accepted by a person, who knew what had failed."""
    return _decide(store, record_id, Verdict.ACCEPTED, by=by, reason=reason)


def reject(store: Store, record_id: str, *, by: str, reason: str) -> Decision:
    """The record is turned away by a person."""
    return _decide(store, record_id, Verdict.REJECTED, by=by, reason=reason)


def audit(store: Store) -> Iterator[Decision]:
    """Every decision that a person has made, in the order in which they were made."""
    return store.decisions_by(HUMAN)


def failing_anew(decided: Mapping[str, Decision], findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """The records that a person accepted, with the hard expectations that they fail and she had not seen fail."""
    accepted = {
        record_id: expectations_of(decision)
        for record_id, decision in decided.items()
        if decision.verdict is Verdict.ACCEPTED and decision.by.startswith(HUMAN)
    }
    anew: dict[str, list[str]] = {}
    for finding in findings:
        for record_id in finding.failed if finding.severity is Severity.HARD else ():
            if finding.expectation not in accepted.get(record_id, (finding.expectation,)):
                anew.setdefault(record_id, []).append(finding.expectation)
    return {record_id: tuple(names) for record_id, names in anew.items()}


def _decide(store: Store, record_id: str, verdict: Verdict, *, by: str, reason: str) -> Decision:
    if not by.strip() or not reason.strip():
        raise UsageError("expected who decides and why, got nothing; give --by NAME and --reason TEXT")
    found = case(store, record_id)
    if found.latest.verdict is not Verdict.QUARANTINED:
        raise UsageError(
            f"expected record {record_id} in quarantine, its latest verdict is {found.latest.verdict.value} "
            f"by {found.latest.by}; see `curate quarantine show {record_id}`"
        )
    decision = Decision(
        record_id=record_id,
        verdict=verdict,
        by=f"{HUMAN}{by.strip()}",
        reason=reason.strip(),
        details={"from": Verdict.QUARANTINED.value, "failures": list(found.failures)},
    )
    store.decide([decision])
    return decision
