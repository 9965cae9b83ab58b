"""Every record stands in one row, and the rows add up to all records."""

from __future__ import annotations

import pytest

from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict
from curation.store import Store
from validation.standing import Standing, standings

ON_LAYER = {"kind": DecisionKind.LAYER, "layer": "rules"}
ON_DOUBTED = {"kind": DecisionKind.LAYER, "layer": "doubted:5"}
ON_PRIVACY = {"kind": DecisionKind.PRIVACY, "destination": ANYWHERE}
POLICY, PERSON, DEIDENTIFIED = "policy:validate@1", "human:ruth", "policy:deidentify@1"
A, R, Q, N = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.QUARANTINED, Verdict.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("decided", "standing"),
    [
        ([], Standing.WAITING),
        ([(A, POLICY, ON_PRIVACY)], Standing.WAITING),
        ([(A, POLICY, {})], Standing.ACCEPTED),
        ([(A, POLICY, {}), (A, POLICY, ON_LAYER), (A, POLICY, ON_PRIVACY)], Standing.ACCEPTED),
        ([(A, POLICY, {}), (N, POLICY, ON_LAYER)], Standing.NEEDS_REVIEW),
        ([(A, POLICY, {}), (Q, POLICY, ON_LAYER)], Standing.QUARANTINED),
        ([(A, POLICY, {}), (Q, POLICY, ON_PRIVACY)], Standing.QUARANTINED),
        ([(Q, POLICY, {}), (A, PERSON, {})], Standing.DECIDED),
        ([(A, POLICY, {}), (A, PERSON, ON_LAYER)], Standing.DECIDED),
        ([(A, POLICY, {}), (R, PERSON, ON_LAYER)], Standing.DECIDED),
        ([(R, PERSON, ON_LAYER)], Standing.REJECTED),
        ([(R, PERSON, {}), (Q, POLICY, ON_LAYER)], Standing.REJECTED),
        ([(R, PERSON, {}), (N, PERSON, {})], Standing.NEEDS_REVIEW),
        ([(Q, POLICY, {}), (R, DEIDENTIFIED, {})], Standing.SET_ASIDE),
        ([(A, POLICY, {}), (N, POLICY, ON_DOUBTED)], Standing.NEEDS_REVIEW),
        ([(A, POLICY, {}), (R, PERSON, ON_DOUBTED)], Standing.ACCEPTED),
        ([(A, POLICY, {}), (A, PERSON, ON_DOUBTED)], Standing.ACCEPTED),
        ([(R, PERSON, ON_DOUBTED)], Standing.WAITING),
    ],
)
def test_a_record_stands_in_one_row(sqlite_store: Store, annotated, decided, standing) -> None:
    (record, _), (other, _) = annotated("Fever."), annotated("Cough.")
    sqlite_store.add_records([record, other])
    sqlite_store.decide(Decision(record_id=record.id, verdict=verdict, by=by, **on) for verdict, by, on in decided)
    found = {name: count for name, count in standings(sqlite_store).items() if count}
    expected = (
        {Standing.WAITING.value: 2}
        if standing is Standing.WAITING
        else {standing.value: 1, "waiting for validation": 1}
    )
    assert found == expected


def test_the_rows_on_either_database(store: Store, annotated) -> None:
    records = [annotated(f"Fever {number}.")[0] for number in range(5)]
    store.add_records(records)
    store.decide(Decision(record_id=record.id, verdict=A, by=POLICY) for record in records[:3])
    found = standings(store)
    assert (found["accepted by validation"], found["waiting for validation"]) == (3, 2)
    assert sum(found.values()) == 5
