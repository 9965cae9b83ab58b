"""Answers that repeat a prompt's examples, and members of a set that may not be shown as examples."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from annotation.llm.checked_examples import checked_examples
from annotation.llm.examples import Example, repeated_from
from curation.record import Alignment, Entity, Fragment


@dataclass(frozen=True)
class Said:
    text: str


SHOWN = (
    "A [61-year-old]{age} man had [pain in the left knee]{signs_symptoms} and took "
    "[metoprolol 50 mg]{pharmacological_therapy}."
)


@pytest.mark.parametrize(
    ("text", "quoted", "repeated"),
    [
        ("A 54-year-old woman coughed.", "pain in the left knee", True),
        ("A 54-year-old woman coughed.", "Pain in the LEFT  knee", True),
        ("A 54-year-old woman coughed.", "61-year-old", True),
        ("A 54-year-old woman coughed.", "54-year-old", False),
        ("She took metoprolol 100 mg.", "metoprolol 50 mg", True),
        ("There was pain in the right knee.", "pain in the left knee", True),
        ("He also had pain in the left knee.", "pain in the left knee", False),
        ("He had pain in his left knee.", "pain in the left knee", False),
        ("A 54-year-old woman coughed.", "an aneurysm", False),
        ("A 54-year-old woman coughed.", "  ", False),
        ("", "pain in the left knee", True),
    ],
)
def test_what_stands_in_an_example_and_not_in_the_text_is_repeated(annotated, text, quoted, repeated) -> None:
    example = Example(*annotated(SHOWN), score=0.5)
    quotes = [Said(quoted)]
    assert repeated_from([example], quotes, text) == (quotes if repeated else [])
    assert repeated_from([], quotes, text) == []


def test_german_facts_of_an_example_are_repeated_also_with_umlauts_written_out(annotated) -> None:
    record, layer = annotated("Die [62-jährige]{age} Frau hatte [Fieber über 39 °C]{signs_symptoms}.", language="de")
    said = [Said("Fieber ueber 39 °C"), Said("Husten"), Said("62-jährige")]
    assert repeated_from([Example(record, layer, 1.0)], said, "Ein Mann mit Husten.") == [said[0], said[2]]


def test_members_are_shown_word_for_word_or_not_at_all(annotated, scheme) -> None:
    record, layer = annotated("A man had a [dry  cough]{signs_symptoms} and [fever]{signs_symptoms}.")
    (cough, fever) = layer.entities
    folded = cough.model_copy(update={"text": "Dry cough", "alignment": Alignment.FOLDED})
    checked = checked_examples([(record, layer.model_copy(update={"entities": (folded, fever)}))], scheme)
    ((_, shown),) = checked.members
    assert shown.entities == layer.entities
    assert not checked.left_out


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"fragments": (), "alignment": Alignment.NONE}, "an entity that does not stand in its text"),
        ({"text": "haemoptysis", "alignment": Alignment.FUZZY}, "an entity that does not stand in its text"),
        ({"text": "haemoptysis"}, "an entity that does not stand in its text"),
        ({"fragments": (Fragment(start=300, end=305),)}, "an entity that does not stand in its text"),
        ({"category": "zodiac"}, "a category that the scheme does not have"),
    ],
)
def test_a_member_with_an_entity_that_does_not_hold_is_left_out_and_counted(annotated, scheme, changed, reason) -> None:
    good = annotated("A woman had a [headache]{signs_symptoms}.")
    record, layer = annotated("A man had a [cough]{signs_symptoms} and [fever]{signs_symptoms}.")
    broken: Entity = layer.entities[0].model_copy(update=changed)
    bad = layer.model_copy(update={"entities": (broken, layer.entities[1])})
    checked = checked_examples([good, (record, bad)], scheme)
    assert [member.id for member, _ in checked.members] == [good[0].id]
    assert checked.left_out == {reason: 1}


def test_a_layer_of_another_record_and_labels_of_another_scheme_are_left_out(annotated, scheme) -> None:
    record, layer = annotated("A man had a [cough]{signs_symptoms}.")
    foreign = layer.model_copy(update={"record_id": "another"})
    labelled = layer.model_copy(update={"labels": {"smoking": "yes"}})
    assert dict(checked_examples([(record, foreign), (record, labelled)], scheme).left_out) == {
        "a layer of another record": 1,
        "a document label that the scheme does not have": 1,
    }
