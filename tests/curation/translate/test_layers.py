"""Which of several places counts, and layers carried over to a translation."""

from __future__ import annotations

import pytest

from curation.errors import ContradictionError
from curation.record import Alignment, Assertion, Entity, Layer, Record, Relation
from curation.translate.projection.layers import carried, counts
from curation.translate.projection.projected import (
    Fragments,
    Placement,
    ProjectedSpan,
    ProjectionMethod,
    ProjectionState,
    placement,
)

GERMAN = "Seit Tagen das Fieber, kein Husten."
FEVER, COUGH = ((15, 21),), ((28, 34),)
MARKER, MENTION, ASSIGNMENT = ProjectionMethod


def at(fragments: Fragments, score: float = 0.5) -> ProjectedSpan:
    return ProjectedSpan(fragments, score)


def test_two_methods_that_say_the_same_agree_whatever_articles_they_have() -> None:
    found = placement({ASSIGNMENT: at(FEVER), MARKER: at(((11, 21),), 1.0)}, GERMAN, "de")
    assert (found.state, found.method, found.agreeing) == (ProjectionState.AGREED, MARKER, (ASSIGNMENT,))
    assert found.place == at(((11, 21),), 1.0)


def test_methods_that_say_other_things_disagree_and_the_better_one_counts() -> None:
    found = placement({ASSIGNMENT: at(COUGH), MENTION: at(FEVER)}, GERMAN, "de")
    assert (found.state, found.method, found.agreeing) == (ProjectionState.DISAGREEING, MENTION, ())


def test_the_third_method_decides_that_the_first_is_right() -> None:
    found = placement({MARKER: at(FEVER), MENTION: at(COUGH), ASSIGNMENT: at(FEVER)}, GERMAN, "de")
    assert (found.state, found.agreeing) == (ProjectionState.AGREED, (ASSIGNMENT,))


def test_one_method_alone_is_neither_agreed_nor_lost() -> None:
    assert placement({ASSIGNMENT: at(FEVER)}, GERMAN, "de").state is ProjectionState.SINGLE
    assert placement({}, GERMAN, "de") == Placement(ProjectionState.LOST)


def source() -> Layer:
    text = "No cough, fever for days."
    fever = Entity.at(text, 10, 15, "signs_symptoms", id="T1", attributes={"grade": "2"}, codes=("C1",), score=0.9)
    cough = Entity.at(text, 3, 8, "signs_symptoms", id="T2", assertion=Assertion.NEGATED)
    link = Relation(id="R1", type="without", head="T1", tail="T2")
    return Layer(
        record_id="en", name="gold", author="gold", entities=(fever, cough), relations=(link,), labels={"smoking": "no"}
    )


def german() -> Record:
    return Record(id="de", group="g", source="s", language="de", text=GERMAN, translation_of="en")


def test_a_layer_travels_with_attributes_relations_labels_and_codes() -> None:
    placements = {"T1": placement({MARKER: at(FEVER, 1.0)}, GERMAN, "de")}
    made = carried(source(), placements, german(), author="llm:x", provenance={"model": "x"})
    fever, cough = made.entities
    assert (fever.text, fever.spans, fever.attributes, fever.codes) == ("Fieber", FEVER, {"grade": "2"}, ("C1",))
    assert (cough.text, cough.alignment, cough.assertion) == ("cough", Alignment.NONE, Assertion.NEGATED)
    assert (made.relations, made.labels, made.record_id) == (source().relations, {"smoking": "no"}, "de")
    assert made.provenance["projection"] == {
        "T1": {"state": "single", "method": "marker", "score": 1.0, "agreeing": [], "part_of_word": False},
        "T2": {"state": "lost", "method": None, "score": None, "agreeing": [], "part_of_word": False},
    }
    assert counts(made) == {"signs_symptoms": {"entities": 2, "by marker": 1, "lost": 1, "single": 1}}


def test_a_place_outside_of_the_text_is_refused() -> None:
    placements = {"T1": placement({MARKER: at(((90, 95),))}, GERMAN, "de")}
    with pytest.raises(ContradictionError):
        carried(source(), placements, german(), author="llm:x", provenance={})


def test_an_empty_layer_travels() -> None:
    empty = Layer(record_id="en", name="gold", author="gold")
    made = carried(empty, {}, german(), author="llm:x", provenance={})
    assert (made.entities, counts(made)) == ((), {})
    assert counts(empty) == {}
