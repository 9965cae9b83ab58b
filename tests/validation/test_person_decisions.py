"""Whatever waits for a person has a way on, and a way back; validation never accepts what a person rejected."""

from __future__ import annotations

import pytest

from curation.decision import ANYWHERE, TEXT, Decision, DecisionKind, Verdict, on_layer, on_privacy
from curation.errors import UsageError
from curation.store import Store
from validation.person_decisions import AskedSubjects, accept, reject, reopen, standing
from validation.policy import SIGNED
from validation.quarantine import quarantined
from validation.verdict import divide, foreign_decisions

FAILURES = [{"expectation": "text_length", "severity": "soft"}]
WHO = {"by": "ruth", "reason": "read it"}
ALL = AskedSubjects()


def policy(record_id: str, verdict: Verdict, **fields: object) -> Decision:
    return Decision(record_id=record_id, verdict=verdict, by=SIGNED, details={"failures": FAILURES}, **fields)


@pytest.fixture
def record_id(sqlite_store: Store, annotated) -> str:
    """A record whose text needs review, whose layer is in quarantine, and in which identifiers were found."""
    record, layer = annotated("[Fever]{signs_symptoms} for a week.", layer="rules")
    sqlite_store.add_records([record])
    sqlite_store.add_layers([layer])
    on_rules = {"kind": DecisionKind.LAYER, "layer": "rules"}
    identifiers = {"kind": DecisionKind.PRIVACY, "destination": ANYWHERE}
    sqlite_store.decide(
        [
            policy(record.id, Verdict.NEEDS_REVIEW),
            policy(record.id, Verdict.QUARANTINED, **on_rules),
            policy(record.id, Verdict.QUARANTINED, **identifiers),
        ]
    )
    return record.id


def verdicts(store: Store, record_id: str) -> dict[str, str]:
    return {decision.subject_name: decision.verdict.value for decision in store.latest_decisions([record_id])}


@pytest.mark.parametrize(
    ("asked", "decided"),
    [
        (ALL, {"text", "layer rules"}),
        (AskedSubjects(text=True), {"text"}),
        (AskedSubjects(layer="rules"), {"layer rules"}),
        (AskedSubjects(privacy="export"), {"privacy export"}),
        (AskedSubjects(text=True, privacy=ANYWHERE), {"text", "privacy anywhere"}),
    ],
)
@pytest.mark.parametrize("decide", [accept, reject])
def test_a_person_decides_what_is_asked_and_nothing_else(sqlite_store, record_id, decide, asked, decided) -> None:
    before = verdicts(sqlite_store, record_id)
    made = decide(sqlite_store, record_id, asked, **WHO)
    verdict = "accepted" if decide is accept else "rejected"
    assert {decision.subject_name for decision in made} == decided
    assert {(decision.by, decision.reason) for decision in made} == {("human:ruth", "read it")}
    assert verdicts(sqlite_store, record_id) == before | dict.fromkeys(decided, verdict)


def test_what_waits_is_listed_until_it_is_decided(sqlite_store: Store, record_id: str) -> None:
    assert [decision.subject for decision in standing(sqlite_store)] == [TEXT]
    assert [decision.subject for decision in standing(sqlite_store, Verdict.QUARANTINED)] == [
        on_layer("rules"),
        on_privacy(),
    ]
    assert len(standing(sqlite_store, Verdict.QUARANTINED, kind=DecisionKind.LAYER, expectation="text_length")) == 1
    assert standing(sqlite_store, layer="rules") == []
    accept(sqlite_store, record_id, ALL, **WHO)
    assert standing(sqlite_store) == []
    says = r"expected something of record .* that waits for a person.*--text or --layer NAME"
    with pytest.raises(UsageError, match=says):
        accept(sqlite_store, record_id, ALL, **WHO)


@pytest.mark.parametrize("decide", [accept, reject])
def test_a_later_validation_changes_no_decision_of_a_person(sqlite_store: Store, record_id: str, decide) -> None:
    decide(sqlite_store, record_id, ALL, **WHO)
    judged = [
        policy(record_id, Verdict.ACCEPTED),
        policy(record_id, Verdict.ACCEPTED, kind=DecisionKind.LAYER, layer="rules"),
    ]
    assert divide(judged, foreign_decisions(sqlite_store)).ours == ()


def test_a_decision_is_taken_back_before_it_becomes_another(sqlite_store: Store, record_id: str) -> None:
    reject(sqlite_store, record_id, ALL, **WHO)
    with pytest.raises(UsageError, match="rejected by human:ruth already; take that back with `curate review reopen`"):
        accept(sqlite_store, record_id, AskedSubjects(text=True), **WHO)
    with pytest.raises(UsageError, match="already; nothing is left to do"):
        reject(sqlite_store, record_id, AskedSubjects(layer="rules"), **WHO)
    made = reopen(sqlite_store, record_id, ALL, by="ben", reason="another look")
    found = verdicts(sqlite_store, record_id)
    assert (found["text"], found["layer rules"]) == ("needs_review", "quarantined"), "as validation had it"
    assert {decision.details["from"] for decision in made} == {"rejected"}
    assert {decision.subject for decision in quarantined(sqlite_store)} == {on_layer("rules"), on_privacy()}
    accept(sqlite_store, record_id, ALL, **WHO)
    assert verdicts(sqlite_store, record_id)["text"] == "accepted"
    assert len(sqlite_store.decision_history(record_id)) == 3 + 2 + 2 + 2


def test_a_reopened_record_waits_for_a_person_not_for_a_validation(sqlite_store: Store, record_id: str) -> None:
    reject(sqlite_store, record_id, ALL, **WHO)
    reopen(sqlite_store, record_id, ALL, **WHO)
    assert divide([policy(record_id, Verdict.ACCEPTED)], foreign_decisions(sqlite_store)).ours == ()
    with pytest.raises(UsageError, match=r"expected a person's decision on record .* to take back, there is none"):
        reopen(sqlite_store, record_id, ALL, **WHO)


def test_a_layer_without_a_verdict_can_be_decided_and_one_that_there_is_not_cannot(sqlite_store, record_id) -> None:
    layer = sqlite_store.layer(record_id, "rules")
    sqlite_store.add_layers([layer.model_copy(update={"name": "human:anna", "author": "human:anna"})])
    accept(sqlite_store, record_id, AskedSubjects(layer="human:anna"), **WHO)
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {record_id: Verdict.ACCEPTED}
    with pytest.raises(UsageError, match="got 'rulez'; did you mean rules"):
        accept(sqlite_store, record_id, AskedSubjects(layer="rulez"), **WHO)


@pytest.mark.parametrize("decide", [accept, reject, reopen])
@pytest.mark.parametrize("who", [{"by": " ", "reason": "read it"}, {"by": "ruth", "reason": ""}])
def test_a_decision_needs_a_person_and_a_reason(sqlite_store: Store, record_id: str, decide, who) -> None:
    with pytest.raises(UsageError, match="expected who decides and why"):
        decide(sqlite_store, record_id, ALL, **who)


def test_what_was_deidentified_is_decided_on_its_copy(sqlite_store: Store, record_id: str) -> None:
    away = Decision(
        record_id=record_id, verdict=Verdict.REJECTED, by="policy:deidentify@1", details={"replaced_by": "the copy"}
    )
    sqlite_store.decide([away])
    with pytest.raises(UsageError, match="was de-identified; decide about the copy"):
        accept(sqlite_store, record_id, AskedSubjects(text=True), **WHO)
    assert standing(sqlite_store, Verdict.QUARANTINED) == []


def test_an_answer_in_doubt_is_accepted_by_name_or_where_nothing_else_waits(sqlite_store, record_id: str) -> None:
    waits = policy(record_id, Verdict.NEEDS_REVIEW, kind=DecisionKind.LAYER, layer="doubted:5")
    sqlite_store.decide([waits])
    assert {decision.subject_name for decision in accept(sqlite_store, record_id, ALL, **WHO)} == {
        "text",
        "layer rules",
    }
    assert verdicts(sqlite_store, record_id)["layer doubted:5"] == "needs_review"
    assert [decision.layer for decision in accept(sqlite_store, record_id, ALL, **WHO)] == ["doubted:5"]


def test_an_answer_in_doubt_is_rejected_with_the_rest(sqlite_store, record_id: str) -> None:
    sqlite_store.decide([policy(record_id, Verdict.NEEDS_REVIEW, kind=DecisionKind.LAYER, layer="doubted:5")])
    assert len(reject(sqlite_store, record_id, ALL, **WHO)) == 3
