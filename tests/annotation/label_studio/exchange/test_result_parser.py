from __future__ import annotations

from typing import Any

import pytest

from annotation.label_studio.exchange.result_parser import parse_result
from curation.record import Assertion, Entity, Record, Relation
from curation.scheme import Scheme

TEXT = "Fever and \t  cough\r\nsince Monday."
RECORD = Record(id="r1", group="g", source="test", language="en", text=TEXT)

#: Results that a bug or a joke could leave behind the editor's back.
GARBAGE: list[object] = [
    None,
    "labels",
    7,
    [],
    {},
    {"type": None},
    {"type": ["labels"]},
    {"type": "rectanglelabels", "id": "x"},
    {"type": "labels"},
    {"type": "labels", "id": "x", "from_name": "label", "to_name": "text", "value": "0-5"},
    {"type": "choices", "from_name": "verdict", "to_name": "text", "value": {"choices": "accept"}},
    {"type": "choices", "from_name": "verdict", "to_name": "text", "value": {"choices": ["accept", "reject"]}},
    {"type": "choices", "from_name": "other", "to_name": "text", "value": {"choices": ["accept"]}},
    {"type": "choices", "from_name": ["verdict"], "to_name": "text", "value": {"choices": ["accept"]}},
    {"type": "choices", "id": "nowhere", "from_name": "assertion", "value": {"choices": ["negated"]}},
    {"type": "textarea", "from_name": "other", "to_name": "text", "value": {"text": ["x"]}},
    {"type": "relation", "from_id": "good", "to_id": "nowhere", "labels": ["related_to"]},
    {"type": "relation", "from_id": "good", "to_id": "good", "labels": ["related_to"]},
]


def region(start: Any, end: Any, label: Any = "signs_symptoms", id: Any = "good", **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": label if isinstance(label, list) else [label]}
    return {"id": id, "type": "labels", "from_name": "label", "to_name": "text", "value": value, **more}


FEVER = Entity.at(TEXT, 0, 5, "signs_symptoms", id="good")


@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_garbage_is_refused_and_keeps_nothing_good_out(scheme: Scheme, garbage: object) -> None:
    reading = parse_result([garbage, region(0, 5)], RECORD, scheme)
    assert reading.entities == [FEVER]
    assert len(reading.refused) == 1
    assert reading.refused[0].startswith("result 0: expected ")


@pytest.mark.parametrize(
    "bad",
    [
        region(-1, 5),
        region(0, 34),
        region(5, 0),
        region(3, 3),
        region("0", "5"),
        region(0.0, 5.0),
        region(False, True),
        region(None, None),
        region(0, 10**400),
        region(float("nan"), 5),
        region(10, 13),
        region(0, 5, "no_such_category"),
        region(0, 5, ["signs_symptoms", "age"]),
        region(0, 5, []),
        region(0, 5, [["age"]]),
        region(0, 5, id=7),
        region(0, 5, id=""),
        region(0, 5, id="x" * 201),
        region(0, 5, to_name="other"),
        region(0, 5, from_name="other"),
    ],
)
def test_a_region_that_does_not_hold_is_refused(scheme: Scheme, bad: dict[str, Any]) -> None:
    reading = parse_result([bad, region(13, 18, id="other")], RECORD, scheme)
    assert [entity.text for entity in reading.entities] == ["cough"]
    assert len(reading.refused) == 1


def test_no_wording_stands_in_a_reason(scheme: Scheme) -> None:
    secret = "Mrs Miller"
    parts = [
        region(0, 99, secret),
        region(secret, secret),
        region(0, 5, id=secret * 30),
        {"type": secret, "from_name": secret},
        {"type": "choices", "from_name": secret, "value": {"choices": [secret]}},
    ]
    refused = parse_result(parts, RECORD, scheme).refused
    assert len(refused) == 5
    assert not any(secret in reason for reason in refused)


def test_what_is_no_list_is_refused_whole(scheme: Scheme) -> None:
    assert parse_result({"a": 1}, RECORD, scheme).refused == ["result: expected a list, got dict"]


def test_order_does_not_matter(scheme: Scheme) -> None:
    assertion = {
        "id": "good",
        "from_name": "assertion",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": ["negated"]},
    }
    link = {"type": "relation", "from_id": "other", "to_id": "good", "direction": "left", "labels": []}
    reading = parse_result(
        [link, assertion, region(0, 5, score=0.5, origin="prediction"), region(13, 18, id="other")], RECORD, scheme
    )
    assert reading.entities == [
        Entity.at(TEXT, 0, 5, "signs_symptoms", id="good", score=0.5, assertion=Assertion.NEGATED),
        Entity.at(TEXT, 13, 18, "signs_symptoms", id="other"),
    ]
    assert reading.relations == [Relation(id="R1", type="related_to", head="good", tail="other")]
    assert reading.origins == {"good": "prediction", "other": "unknown"}
    assert reading.refused == []


def test_fragments_join_only_in_chains_without_rings_forks_and_overlaps(scheme: Scheme) -> None:
    regions = [
        region(26, 32, id="c"),
        region(0, 5, id="a"),
        region(13, 18, id="b"),
        region(0, 9, id="d"),
        region(20, 25, "age", id="e"),
    ]
    links = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c"), ("c", "d"), ("c", "e")]
    parts = [{"type": "relation", "from_id": one, "to_id": two, "labels": ["continues"]} for one, two in links]
    reading = parse_result([*regions, *parts], RECORD, scheme)
    assert [(entity.id, entity.text) for entity in reading.entities] == [
        ("a", "Fever cough Monday"),
        ("d", "Fever and"),
        ("e", "since"),
    ]
    assert [reason.partition(": ")[2] for reason in reading.refused] == [
        "expected fragments in one chain, got a fork or a ring",
        "expected fragments in one chain, got a fork or a ring",
        "expected fragments apart from each other, got overlapping ones",
        "expected fragments of one category, got two categories",
    ]


def test_codes_stay_with_an_entity_that_nobody_moved(scheme: Scheme) -> None:
    known = FEVER.model_copy(update={"codes": ("icd10:R50",), "attributes": {"grade": "high"}})
    same = parse_result([region(0, 5)], RECORD, scheme, shown={"good": known})
    moved = parse_result([region(0, 9)], RECORD, scheme, shown={"good": known})
    assert same.entities == [known]
    assert moved.entities == [Entity.at(TEXT, 0, 9, "signs_symptoms", id="good")]
