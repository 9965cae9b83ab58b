"""Decisions that count, in plain values, beside the decisions themselves: on both databases."""

import json

import pytest
import sqlalchemy as sa

from curation.decision import Decision, DecisionKind, Verdict
from curation.store.tables import decisions

SET_ASIDE = {"verdict": Verdict.QUARANTINED, "by": "policy:validate@1"}
FAILURE = {"expectation": "text_length", "observed": 3, "threshold": {"min_value": 5.5}}


@pytest.fixture
def ids(store, annotated):
    records = [annotated(f"Patientin {number} mit Fieber.")[0] for number in range(4)]
    store.add_records(records)
    first, second, third, fourth = (record.id for record in records)
    store.decide(
        [
            Decision(
                record_id=second, **SET_ASIDE, kind=DecisionKind.LAYER, layer="rules", details={"failures": [FAILURE]}
            ),
            Decision(record_id=first, **SET_ASIDE, reason="zu kurz: ä \x1b[1m"),
            Decision(record_id=third, **SET_ASIDE, kind=DecisionKind.PRIVACY, destination="anywhere"),
            Decision(record_id=third, verdict=Verdict.REJECTED, by="human:ruth"),
            Decision(record_id=fourth, **SET_ASIDE),
            Decision(record_id=fourth, verdict=Verdict.ACCEPTED, by="human:ruth"),
        ]
    )
    return [first, second, third, fourth]


@pytest.mark.parametrize("verdict", Verdict)
def test_they_are_the_decisions_that_count(store, ids, verdict):
    open_verdicts = (Verdict.QUARANTINED, Verdict.NEEDS_REVIEW)
    full = [
        decision
        for decision in store.latest_decisions(verdict=verdict)
        if verdict not in open_verdicts or decision.record_id != ids[2]
    ]
    found = store.standing_decisions(verdict)
    assert [decision.values for decision in found] == [decision.model_dump(mode="json") for decision in full]
    for name in ("record_id", "subject", "subject_name", "by", "reason", "details"):
        assert [getattr(decision, name) for decision in found] == [getattr(decision, name) for decision in full]


def test_a_record_whose_text_was_rejected_waits_no_more(store, ids):
    assert [decision.record_id for decision in store.standing_decisions(Verdict.QUARANTINED)] == [ids[1], ids[0]]
    assert [decision.record_id for decision in store.standing_decisions(Verdict.REJECTED)] == [ids[2]]


def test_a_decision_from_before_there_was_a_field_has_it_too(store, ids):
    (latest,) = store.latest_decisions([ids[0]])
    old = latest.model_dump(mode="json", exclude={"version", "destination", "details"})
    with store.write() as connection:
        connection.execute(sa.update(decisions).where(decisions.c.record_id == ids[0]).values(content=json.dumps(old)))
    found = store.standing_decisions(Verdict.QUARANTINED)[-1].values
    assert (found, list(found)) == (latest.model_dump(mode="json") | {"details": {}}, list(latest.model_dump()))


def test_none_is_set_aside(store):
    assert store.standing_decisions(Verdict.QUARANTINED) == []
