"""What validation has set aside, and what a person decides about it; every decision is added, none replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from curation.author import human, is_human
from curation.decision import (
    ANYWHERE,
    OPEN,
    TEXT,
    Decision,
    DecisionKind,
    DecisionSubject,
    Verdict,
    on_privacy,
)
from curation.egress.settings import Destination
from curation.errors import UsageError, unknown_name
from curation.record import Record
from curation.store import Store
from curation.store.findings import StandingDecision


@dataclass(frozen=True, slots=True)
class Case:
    """A record with all that was ever decided about it, oldest first."""

    record: Record
    history: tuple[Decision, ...]

    @property
    def latest(self) -> tuple[Decision, ...]:
        """The decisions that count: the latest on the text, on each layer and for each destination."""
        return tuple({decision.subject: decision for decision in self.history}.values())

    @property
    def in_quarantine(self) -> tuple[Decision, ...]:
        """Those of the decisions that count which keep the record in quarantine; none of a rejected record."""
        text = next((decision for decision in self.latest if decision.subject == TEXT), None)
        if text is not None and text.verdict is Verdict.REJECTED:
            return ()
        return tuple(decision for decision in self.latest if decision.verdict is Verdict.QUARANTINED)

    @property
    def failures(self) -> tuple[tuple[Decision, JsonValue], ...]:
        """What failed at the decisions that count, each with the decision, the observed value and the threshold."""
        return tuple((decision, failure) for decision in self.latest for failure in failures_of(decision))


def failures_of(decision: Decision | StandingDecision) -> tuple[JsonValue, ...]:
    """The failures that a decision rests on."""
    failures = decision.details.get("failures")
    return tuple(failures) if isinstance(failures, list) else ()


def expectations_of(decision: Decision | StandingDecision) -> frozenset[str]:
    """The names of the expectations that a decision knew to have failed."""
    return frozenset(str(failure["expectation"]) for failure in failures_of(decision) if isinstance(failure, dict))


def quarantined(store: Store, *, expectation: str | None = None) -> list[StandingDecision]:
    """The decisions that keep records in quarantine, by the expectation that failed first.

    expectation: only those that failed this one. A record whose text was rejected is in quarantine no more. Raises
    UsageError for a name that is neither an expectation of ours nor one that a decision rests on.
    """
    found = store.standing_decisions(Verdict.QUARANTINED)
    if expectation is not None:
        known_expectation(expectation, found)
        found = [decision for decision in found if expectation in expectations_of(decision)]
    return sorted(found, key=_by_expectation)


def known_expectation(name: str, decisions: Iterable[StandingDecision]) -> None:
    """Raises UsageError for a name that is neither an expectation of ours nor one that a decision rests on."""
    # Imported here: the measures, which a list of what was decided does without, take a third of its time.
    from validation.rules import BY_NAME

    known = set(BY_NAME).union(*map(expectations_of, decisions))
    if name not in known:
        raise unknown_name("an expectation", name, sorted(known))


def case(store: Store, record_id: str) -> Case:
    """A record and its decisions. Raises UsageError when there is no such record, or nothing was decided yet."""
    record = next(iter(store.records(ids=[record_id])), None)
    if record is None:
        raise UsageError(f"expected a record of the store, got {record_id!r}; see `curate quarantine list`")
    history = tuple(store.decision_history(record_id))
    if not history:
        raise UsageError(f"expected a decision on record {record_id}, there is none yet; run `curate validate`")
    return Case(record, history)


def release(store: Store, record_id: str, *, by: str, reason: str, privacy: str | None = None) -> list[Decision]:
    """What keeps the record in quarantine is accepted by a person, who knew what had failed.

    privacy: also the identifiers, for this destination or for ANYWHERE; without it they stay as they are. Raises
    UsageError when there is nothing to decide.
    """
    return _decide(store, record_id, Verdict.ACCEPTED, by=by, reason=reason, privacy=privacy)


def reject(store: Store, record_id: str, *, by: str, reason: str, privacy: str | None = None) -> list[Decision]:
    """A person rejects what keeps the record in quarantine; everything else as `release`."""
    return _decide(store, record_id, Verdict.REJECTED, by=by, reason=reason, privacy=privacy)


def audit(store: Store) -> Iterator[Decision]:
    """Every decision that a person has made, in the order in which they were made."""
    return store.decisions_by(human(""))


def _by_expectation(decision: StandingDecision) -> tuple[str, str, DecisionSubject]:
    return (str(decision.details.get("expectation", "")), decision.record_id, decision.subject)


def _decide(
    store: Store, record_id: str, verdict: Verdict, *, by: str, reason: str, privacy: str | None
) -> list[Decision]:
    check_signature(by, reason)
    check_destination(privacy)

    def make() -> list[Decision]:
        found = case(store, record_id)
        about = [
            (decision, decision.destination)
            for decision in found.in_quarantine
            if decision.kind is not DecisionKind.PRIVACY
        ]
        if privacy is not None:
            about.append((privacy_decision(found, privacy, verdict), privacy))
        if not about:
            raise UsageError(_nothing_to_decide(found, verdict))
        return [signed(old, verdict, by=by, reason=reason, destination=destination) for old, destination in about]

    return decided(store, record_id, make)


def decided(store: Store, record_id: str, make: Callable[[], list[Decision]]) -> list[Decision]:
    """The decisions that a person makes on a record, from what counts at that moment: no other comes between."""
    made: list[Decision] = []

    def made_now() -> list[Decision]:
        made.extend(make())
        return made

    store.decide_on([record_id], made_now)
    return made


def check_signature(by: str, reason: str) -> None:
    """Raises UsageError where it is not said who decides, or why."""
    if not by.strip() or not reason.strip():
        raise UsageError("expected who decides and why, got nothing; give --by NAME and --reason TEXT")


def check_destination(name: str | None) -> None:
    """Raises UsageError for a name that is no destination of texts."""
    destinations = (*map(str, Destination), ANYWHERE)
    if name is not None and name not in destinations:
        raise unknown_name("a destination", name, destinations)


def signed(old: Decision, verdict: Verdict, *, by: str, reason: str, destination: str | None = None) -> Decision:
    """A person's decision in the place of another one, with what that one knew to have failed."""
    return Decision(
        record_id=old.record_id,
        verdict=verdict,
        by=human(by.strip()),
        kind=old.kind,
        layer=old.layer,
        destination=destination,
        reason=reason.strip(),
        details={"from": old.verdict.value, "failures": list(failures_of(old))},
    )


def privacy_decision(found: Case, destination: str, verdict: Verdict) -> Decision:
    """The decision on the record's privacy in whose place a person's now comes, for a destination.

    Raises UsageError when there is none, or it is the same.
    """
    latest = {decision.subject: decision for decision in found.latest}
    decision = latest.get(on_privacy(destination)) or latest.get(on_privacy(ANYWHERE))
    is_clean = decision is not None and decision.verdict is Verdict.ACCEPTED and not is_human(decision.by)
    if decision is None or is_clean or decision.verdict is verdict:
        given = decision.verdict.value if decision else "none; run `curate validate`"
        raise UsageError(
            f"expected identifiers of record {found.record.id} to decide about, its verdict on privacy is {given}"
        )
    return decision


def _nothing_to_decide(found: Case, verdict: Verdict) -> str:
    verdicts = ", ".join(
        f"{decision.subject_name}: {decision.verdict.value} by {decision.by}" for decision in found.latest
    )
    hint = "give --privacy DESTINATION to decide about its identifiers" if found.in_quarantine else ""
    todo = "; ".join(
        filter(None, (hint or _elsewhere(found, verdict), f"see `curate quarantine show {found.record.id}`"))
    )
    return f"expected record {found.record.id} in quarantine, its latest verdicts are {verdicts}; {todo}"


def _elsewhere(found: Case, verdict: Verdict) -> str:
    """The command that gives the verdict to what is not set aside; empty where everything has it."""
    content = [decision for decision in found.latest if decision.kind is not DecisionKind.PRIVACY]
    others = [decision for decision in content if decision.verdict is not verdict]
    id = found.record.id
    if any(decision.is_by_a_person and decision.verdict not in OPEN for decision in others):
        return f"`curate review reopen {id}` takes back what a person decided"
    if any(decision.verdict is Verdict.REJECTED for decision in others):
        return f"`curate review accept {id} --text` accepts what was rejected"
    word = "accept" if verdict is Verdict.ACCEPTED else "reject"
    if any(decision.verdict is Verdict.ACCEPTED for decision in others):
        return f"`curate review {word} {id}` with --text or --layer NAME {word}s what was accepted"
    return f"`curate review {word} {id}` {word}s what waits for a person" if others else ""
