"""What is set aside stays visible, and only a person with a name and a reason takes it out."""

from __future__ import annotations

import pytest

from curation.decision import Decision, Verdict
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


@pytest.fixture
def set_aside(store: Store, annotated) -> Store:
    """Two records in quarantine and an accepted one, on each backend."""
    records = [annotated(f"A [{age}-year-old]{{age}} man.")[0] for age in (40, 50, 60)]
    store.add_records(records)
    for record in records[:2]:
        store.decide(
            [
                Decision(
                    record_id=record.id,
                    verdict=Verdict.QUARANTINED,
                    by=SIGNED,
                    reason="entities_grounded: observed 0.5, expected at least 0.8",
                    details={**FAILURE, "failures": [FAILURE]},
                )
            ]
        )
    store.decide([Decision(record_id=records[2].id, verdict=Verdict.ACCEPTED, by=SIGNED, reason="met")])
    return store


def ids(store: Store) -> list[str]:
    return [record.id for record in store.records()]


def test_quarantine_lists_what_failed_and_by_which_expectation(set_aside: Store) -> None:
    first, second, _ = ids(set_aside)
    assert {one.record_id for one in quarantined(set_aside)} == {first, second}
    assert quarantined(set_aside, expectation="text_length") == []
    assert case(set_aside, first).failures == (FAILURE,)


def test_a_release_keeps_who_why_and_what_had_failed(set_aside: Store) -> None:
    first, second, _ = ids(set_aside)
    release(set_aside, first, by="ruth", reason="the wording is folded, read it")
    reject(set_aside, second, by="ruth", reason="invented")
    assert quarantined(set_aside) == []
    latest = case(set_aside, first).latest
    assert (latest.verdict, latest.by, latest.details["failures"]) == (Verdict.ACCEPTED, "human:ruth", [FAILURE])
    assert [(one.record_id, one.verdict, one.reason) for one in audit(set_aside)] == [
        (first, Verdict.ACCEPTED, "the wording is folded, read it"),
        (second, Verdict.REJECTED, "invented"),
    ]
    assert [one.by for one in case(set_aside, first).history] == [SIGNED, "human:ruth"]


def test_the_log_holds_people_only_whatever_a_policy_writes_about_them(set_aside: Store) -> None:
    first, *_ = ids(set_aside)
    odd = Decision(record_id=first, verdict=Verdict.QUARANTINED, by=SIGNED, reason='said "by":"human:ruth"')
    set_aside.decide([odd])
    assert list(audit(set_aside)) == []


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
