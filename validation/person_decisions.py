"""What a person decides about a record, and takes back: its text, a layer, what may leave. Decisions are only added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.author import is_doubted
from curation.decision import OPEN, TEXT, Decision, DecisionKind, Verdict, on_layer
from curation.errors import UsageError, unknown_name
from curation.store import Store
from curation.store.findings import StandingDecision
from validation.quarantine import (
    Case,
    case,
    check_destination,
    check_signature,
    decided,
    expectations_of,
    failures_of,
    known_expectation,
    privacy_decision,
    signed,
)


@dataclass(frozen=True, slots=True)
class AskedSubjects:
    """What of a record is to be decided; where nothing is named, all of its text and its layers that is open."""

    text: bool = False
    layer: str | None = None
    #: The destination of the record's identifiers.
    privacy: str | None = None

    @property
    def are_named(self) -> bool:
        """Whether one of them is named."""
        return self.text or self.layer is not None or self.privacy is not None

    def hold(self, decision: Decision) -> bool:
        """Whether the decision is about one of those that are named."""
        kinds = {
            DecisionKind.TEXT: self.text,
            DecisionKind.LAYER: decision.layer == self.layer,
            DecisionKind.PRIVACY: decision.destination == self.privacy,
        }
        return kinds[decision.kind]


def standing(
    store: Store,
    verdict: Verdict = Verdict.NEEDS_REVIEW,
    *,
    kind: DecisionKind | None = None,
    layer: str | None = None,
    expectation: str | None = None,
) -> list[StandingDecision]:
    """The decisions of this verdict that count now, oldest first: of one kind, on one layer, or for one failure.

    What is open on a record whose text was rejected is left out. Raises UsageError for unknown names.
    """
    if layer is not None:
        store.require_layers([layer])
    found = store.standing_decisions(verdict)
    if expectation is not None:
        known_expectation(expectation, found)
    return [
        decision
        for decision in found
        if (kind is None or decision.subject[0] is kind)
        and (layer is None or decision.subject == on_layer(layer))
        and (expectation is None or expectation in expectations_of(decision))
    ]


def accept(store: Store, record_id: str, asked: AskedSubjects, *, by: str, reason: str) -> list[Decision]:
    """The person's acceptance of what is asked. Raises UsageError when there is nothing to decide."""
    return _decide(store, record_id, Verdict.ACCEPTED, asked, by=by, reason=reason)


def reject(store: Store, record_id: str, asked: AskedSubjects, *, by: str, reason: str) -> list[Decision]:
    """The person's rejection, which no later validation changes; everything else as `accept`."""
    return _decide(store, record_id, Verdict.REJECTED, asked, by=by, reason=reason)


def reopen(store: Store, record_id: str, asked: AskedSubjects, *, by: str, reason: str) -> list[Decision]:
    """What people had accepted or rejected waits for a person again: in quarantine where validation had put it there.

    Raises UsageError when people have decided nothing of what is asked.
    """
    check_signature(by, reason)

    def make() -> list[Decision]:
        found = case(store, record_id)
        taken_back = [
            decision
            for decision in found.latest
            if decision.is_by_a_person
            and decision.verdict not in OPEN
            and (asked.hold(decision) or (not asked.are_named and decision.kind is not DecisionKind.PRIVACY))
        ]
        counting = [decision for decision in taken_back if decision.verdict is Verdict.ACCEPTED]
        if answers := [decision.layer for decision in counting if decision.layer and is_doubted(decision.layer)]:
            raise UsageError(
                f"record {record_id}: {answers[0]} was accepted and is the layer of the person whose it was said to "
                "be; decide about that layer"
            )
        if not taken_back:
            raise UsageError(
                f"expected a person's decision on record {record_id} to take back, there is none; {_verdicts(found)}"
            )
        return [_reopened(found, decision, by=by, reason=reason) for decision in taken_back]

    return decided(store, record_id, make)


def _decide(
    store: Store, record_id: str, verdict: Verdict, asked: AskedSubjects, *, by: str, reason: str
) -> list[Decision]:
    check_signature(by, reason)
    check_destination(asked.privacy)

    def make() -> list[Decision]:
        found = case(store, record_id)
        return [
            signed(old, verdict, by=by, reason=reason, destination=asked.privacy if old.destination else None)
            for old in _to_decide(store, found, asked, verdict)
        ]

    return decided(store, record_id, make)


def _to_decide(store: Store, found: Case, asked: AskedSubjects, verdict: Verdict) -> list[Decision]:
    """The decisions in whose place the person's come. Raises UsageError for none, and where a person has decided."""
    latest = {decision.subject: decision for decision in found.latest}
    text = latest.get(TEXT)
    if text is not None and (copy := text.details.get("replaced_by")):
        raise UsageError(f"record {found.record.id} was de-identified; decide about {copy}, which stands in its place")
    if not asked.are_named:
        is_away = text is not None and text.verdict is Verdict.REJECTED
        waiting = [
            decision
            for decision in found.latest
            if decision.verdict in OPEN and decision.kind is not DecisionKind.PRIVACY and not is_away
        ]
        if not waiting:
            raise UsageError(
                f"expected something of record {found.record.id} that waits for a person; {_verdicts(found)}; "
                "--text or --layer NAME decides about what has a verdict"
            )
        if verdict is Verdict.ACCEPTED:
            # Whose an answer is, is a question of its own: what else waits is accepted without it.
            return [decision for decision in waiting if not is_doubted(decision.layer or "")] or waiting
        return waiting
    outdated = store.outdated_decisions()
    return [
        old if (old.record_id, old.subject) in outdated else _undecided_by_people(old, verdict)
        for old in _named(store, found, asked, verdict)
    ]


def _named(store: Store, found: Case, asked: AskedSubjects, verdict: Verdict) -> Iterator[Decision]:
    latest = {decision.subject: decision for decision in found.latest}
    id = found.record.id
    open_text = Decision(record_id=id, verdict=Verdict.NEEDS_REVIEW, by="nobody")
    if asked.text:
        yield latest.get(TEXT, open_text)
    if asked.layer is not None:
        names = {layer.name for layer in store.layer_history(id)}
        if asked.layer not in names:
            raise unknown_name(f"a layer of record {id}", asked.layer, sorted(names))
        open_layer = open_text.model_copy(update={"kind": DecisionKind.LAYER, "layer": asked.layer})
        yield latest.get(on_layer(asked.layer), open_layer)
    if asked.privacy is not None:
        yield privacy_decision(found, asked.privacy, verdict)


def _undecided_by_people(old: Decision, verdict: Verdict) -> Decision:
    """The decision, unless a person has made it already."""
    if old.is_by_a_person and old.verdict not in OPEN and old.kind is not DecisionKind.PRIVACY:
        todo = "nothing is left to do" if old.verdict is verdict else "take that back with `curate review reopen` first"
        raise UsageError(
            f"record {old.record_id}: {old.subject_name} is {old.verdict.value} by {old.by} already; {todo}"
        )
    return old


def _reopened(found: Case, decision: Decision, *, by: str, reason: str) -> Decision:
    earlier = [old for old in found.history if old.subject == decision.subject and not old.is_by_a_person]
    was_set_aside = bool(earlier) and earlier[-1].verdict is Verdict.QUARANTINED
    verdict = Verdict.QUARANTINED if was_set_aside else Verdict.NEEDS_REVIEW
    made = signed(decision, verdict, by=by, reason=reason, destination=decision.destination)
    failures = list(failures_of(earlier[-1])) if earlier else []
    return made.model_copy(update={"details": {**made.details, "failures": failures}})


def _verdicts(found: Case) -> str:
    verdicts = (f"{decision.subject_name}: {decision.verdict.value} by {decision.by}" for decision in found.latest)
    return f"its latest verdicts are {', '.join(verdicts)}"
