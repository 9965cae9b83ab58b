"""What is set aside stays visible, and only a person with a name and a reason takes it out."""

from __future__ import annotations

import pytest
from verdicts import given

from curation.decision import ANYWHERE, TEXT, Decision, Verdict, on_layer, on_privacy
from curation.errors import UsageError
from curation.store import Store
from validation.policy import SIGNED
from validation.quarantine import audit, case, quarantined, reject, release

FAILURE = {
    "expectation": "entities_grounded",
    "severity": "hard",
    "column": "grounding_ratio",
    "observed": 0.5,
    "threshold": {"min_value": 0.8},
}


IDENTIFIER = {**FAILURE, "expectation": "free_of_identifiers", "column": "identifiers", "observed": 2}


def failed(record_id: str, failure: dict[str, object] = FAILURE, **about: object) -> Decision:
    """The policy's decision that quarantines what fails, on the layer `rules` unless it is about something else."""
    return Decision.model_validate(
        {
            "record_id": record_id,
            "verdict": Verdict.QUARANTINED,
            "by": SIGNED,
            "reason": f"{failure['expectation']}: observed {failure['observed']}",
            "details": {**failure, "failures": [failure]},
            **(about or {"kind": "layer", "layer": "rules"}),
        }
    )


def of_identifiers(record_id: str) -> Decision:
    return failed(record_id, IDENTIFIER, kind="privacy", destination=ANYWHERE)


@pytest.fixture
def set_aside(store: Store, annotated) -> Store:
    """Two records whose layer is in quarantine and an accepted one, on each backend; all texts are accepted."""
    records = [annotated(f"A [{age}-year-old]{{age}} man.")[0] for age in (40, 50, 60)]
    store.add_records(records)
    store.decide(given(record.id for record in records))
    store.decide(failed(record.id) for record in records[:2])
    return store


def ids(store: Store) -> list[str]:
    return [record.id for record in store.records()]


def test_quarantine_lists_what_failed_and_by_which_expectation(set_aside: Store) -> None:
    first, second, _ = ids(set_aside)
    assert {one.record_id for one in quarantined(set_aside)} == {first, second}
    assert quarantined(set_aside, expectation="text_length") == []
    ((decision, failure),) = case(set_aside, first).failures
    assert (decision.subject, failure) == (on_layer("rules"), FAILURE)


def test_a_release_keeps_who_why_and_what_had_failed(set_aside: Store) -> None:
    first, second, _ = ids(set_aside)
    release(set_aside, first, by="ruth", reason="the wording is folded, read it")
    reject(set_aside, second, by="ruth", reason="invented")
    assert quarantined(set_aside) == []
    latest = set_aside.decisions(subject=on_layer("rules"))[first]
    assert (latest.verdict, latest.by, latest.details["failures"]) == (Verdict.ACCEPTED, "human:ruth", [FAILURE])
    assert [(one.record_id, one.verdict, one.reason) for one in audit(set_aside)] == [
        (first, Verdict.ACCEPTED, "the wording is folded, read it"),
        (second, Verdict.REJECTED, "invented"),
    ]
    assert [one.by for one in case(set_aside, first).history] == ["test", SIGNED, "human:ruth"]
    assert set_aside.verdicts([first, second]) == dict.fromkeys((first, second), Verdict.ACCEPTED)


def test_text_and_layer_are_in_quarantine_each_for_itself_and_decided_together(set_aside: Store) -> None:
    first, *_ = ids(set_aside)
    too_short = {**FAILURE, "expectation": "text_length", "column": "words", "observed": 2}
    set_aside.decide([failed(first, too_short, kind="text")])
    assert [one.subject for one in quarantined(set_aside) if one.record_id == first] == [on_layer("rules"), TEXT]
    assert [one.subject for one in quarantined(set_aside, expectation="text_length")] == [TEXT]
    made = release(set_aside, first, by="ruth", reason="read it")
    assert {(one.subject, one.verdict) for one in made} == {
        (TEXT, Verdict.ACCEPTED),
        (on_layer("rules"), Verdict.ACCEPTED),
    }
    assert first not in {one.record_id for one in quarantined(set_aside)}


def test_identifiers_are_released_only_when_asked_and_for_the_destination_asked(set_aside: Store) -> None:
    first, second, third = ids(set_aside)
    set_aside.decide(of_identifiers(id) for id in (first, second))
    (made,) = release(set_aside, first, by="ruth", reason="read it")
    assert made.subject == on_layer("rules")
    assert {one.subject for one in quarantined(set_aside) if one.record_id == first} == {on_privacy()}
    with pytest.raises(UsageError, match="--privacy DESTINATION"):
        release(set_aside, first, by="ruth", reason="read it")
    made, released = release(set_aside, second, by="ruth", reason="invented names", privacy="export")
    assert (made.subject, released.subject) == (on_layer("rules"), on_privacy("export"))
    assert released.details["failures"] == [IDENTIFIER]
    assert set_aside.privacy_decisions("export")[second].verdict is Verdict.ACCEPTED
    assert set_aside.privacy_decisions("hub")[second].verdict is Verdict.QUARANTINED
    release(set_aside, second, by="ruth", reason="all invented", privacy=ANYWHERE)
    assert set_aside.privacy_decisions("hub")[second].verdict is Verdict.ACCEPTED
    assert set_aside.privacy_decisions("export")[second] == released
    with pytest.raises(UsageError, match=r"expected identifiers .*none; run `curate validate`"):
        release(set_aside, third, by="ruth", reason="why", privacy=ANYWHERE)


def test_a_release_for_a_destination_can_be_taken_back(set_aside: Store) -> None:
    first, *_ = ids(set_aside)
    set_aside.decide([of_identifiers(first)])
    release(set_aside, first, by="ruth", reason="read it", privacy="export")
    (back,) = reject(set_aside, first, by="ruth", reason="the wrong record", privacy="export")
    assert (back.subject, back.verdict) == (on_privacy("export"), Verdict.REJECTED)
    assert set_aside.privacy_decisions("export")[first] == back
    with pytest.raises(UsageError, match="verdict on privacy is rejected"):
        reject(set_aside, first, by="ruth", reason="again", privacy="export")


def test_a_destination_that_there_is_not_is_refused(set_aside: Store) -> None:
    first, *_ = ids(set_aside)
    set_aside.decide([of_identifiers(first)])
    with pytest.raises(UsageError, match=r"got 'exports'; did you mean export.*label-studio.*anywhere"):
        release(set_aside, first, by="ruth", reason="read it", privacy="exports")
    assert list(audit(set_aside)) == []


def test_a_record_whose_text_was_turned_away_is_in_quarantine_no_more(set_aside: Store) -> None:
    first, second, _ = ids(set_aside)
    set_aside.decide([Decision(record_id=first, verdict=Verdict.REJECTED, by="policy:deidentify@1")])
    assert {one.record_id for one in quarantined(set_aside)} == {second}
    with pytest.raises(UsageError, match="in quarantine"):
        release(set_aside, first, by="ruth", reason="why")


def test_the_log_holds_people_only_whatever_a_policy_writes_about_them(set_aside: Store) -> None:
    first, *_ = ids(set_aside)
    odd = failed(first).model_copy(update={"reason": 'said "by":"human:ruth"'})
    set_aside.decide([odd])
    assert list(audit(set_aside)) == []


def test_what_is_not_set_aside_is_decided_by_the_command_that_is_named(set_aside: Store) -> None:
    *_, accepted = ids(set_aside)
    with pytest.raises(UsageError, match=f"`curate review reject {accepted}` with --text or --layer NAME rejects what"):
        reject(set_aside, accepted, by="ruth", reason="invented")
    with pytest.raises(UsageError, match=f"by test; see `curate quarantine show {accepted}`$"):
        release(set_aside, accepted, by="ruth", reason="again")
    set_aside.decide([Decision(record_id=accepted, verdict=Verdict.NEEDS_REVIEW, by="test")])
    for decide, word in ((release, "accept"), (reject, "reject")):
        with pytest.raises(UsageError, match=f"`curate review {word} {accepted}` {word}s what waits for a person"):
            decide(set_aside, accepted, by="ruth", reason="why")


def test_what_a_person_decided_is_taken_back_first(set_aside: Store) -> None:
    first, second, third = ids(set_aside)
    release(set_aside, first, by="ruth", reason="read it")
    reject(set_aside, second, by="ruth", reason="invented")
    for decide, record in ((reject, first), (release, second)):
        with pytest.raises(UsageError, match=f"`curate review reopen {record}` takes back what a person decided"):
            decide(set_aside, record, by="ruth", reason="otherwise")
    set_aside.decide([Decision(record_id=third, verdict=Verdict.REJECTED, by="policy:deidentify@1")])
    with pytest.raises(UsageError, match=f"`curate review accept {third} --text` accepts what was rejected"):
        release(set_aside, third, by="ruth", reason="why")


@pytest.mark.parametrize(
    ("which", "by", "reason", "says"),
    [
        (2, "ruth", "why", "in quarantine"),
        (0, "ruth", "  ", "who decides and why"),
        (0, " ", "why", "who decides and why"),
    ],
)
def test_what_cannot_be_decided_is_refused(set_aside: Store, which: int, by: str, reason: str, says: str) -> None:
    record = ids(set_aside)[which]
    with pytest.raises(UsageError, match=says):
        release(set_aside, record, by=by, reason=reason)
    assert list(audit(set_aside)) == []


def test_an_unknown_record_is_said_so(set_aside: Store) -> None:
    with pytest.raises(UsageError, match="expected a record of the store"):
        case(set_aside, "nobody")
