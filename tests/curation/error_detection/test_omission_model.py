"""Stretches that other records have in entities, and whether this one has them too."""

from __future__ import annotations

from itertools import product

from curation.error_detection.omission_model import Mentions
from curation.markup import parse_markup
from curation.record import Layer, Record

DRUGS = ("aspirin", "heparin", "ramipril", "insulin", "morphine")
SIGNS = ("fever", "nausea", "dizziness", "fatigue", "cough")


def _pair(id: str, marked: str, *, group: str | None = None) -> tuple[Record, Layer]:
    text, entities = parse_markup(marked)
    record = Record(id=id, group=group or id, source="test", language="en", text=text)
    return record, Layer(record_id=id, name="gold", author="gold", entities=entities)


def _taught(group: str | None = None) -> list[tuple[Record, Layer]]:
    told = "On day {} the patient had [{}]{{signs_symptoms}} and was given [{}]{{pharmacological_therapy}} at home."
    return [
        _pair(f"r{number}", told.format(number, sign, drug), group=group)
        for number, (sign, drug) in enumerate(product(SIGNS, DRUGS))
    ]


def _said(mentions: Mentions, record: Record, layer: Layer) -> dict[str, bool]:
    return {record.text[one.start : one.end]: one.met for one in mentions(record, layer)}


def test_what_others_mark_and_this_record_does_not_is_an_unmet_mention() -> None:
    asked = _pair("asked", "On day 9 the patient had fever and was given [heparin]{pharmacological_therapy} at home.")
    said = _said(Mentions([*_taught(), asked]), *asked)
    assert said == {"fever": False, "heparin": True}


def test_a_record_is_not_judged_by_its_own_group() -> None:
    alone = _taught(group="one patient")
    assert Mentions(alone)(*alone[0]) == []


def test_the_order_in_which_records_come_changes_nothing() -> None:
    taught = _taught()
    one, other = Mentions(taught), Mentions(taught[::-1])
    assert [one(*pair) for pair in taught] == [other(*pair) for pair in taught]


def test_nothing_is_learnt_from_nothing_and_nothing_said_of_an_empty_text() -> None:
    empty = _pair("empty", "")
    assert Mentions([])(*empty) == []
    assert Mentions([_pair("plain", "Nothing of note."), empty])(*empty) == []
    assert Mentions(_taught())(*empty) == []


def test_places_are_within_the_text_and_chances_are_chances() -> None:
    taught = _taught()
    mentions = Mentions(taught)
    found = [(record, one) for record, layer in taught for one in mentions(record, layer)]
    assert len(found) >= len(taught)
    assert all(0 <= one.start < one.end <= len(record.text) for record, one in found)
    assert all(0.5 <= one.chance <= 1 for _, one in found)
