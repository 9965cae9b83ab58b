from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curation.errors import ContradictionError
from curation.record import (
    Alignment,
    Assertion,
    Entity,
    Fragment,
    Layer,
    Record,
    Relation,
    check_layer,
    normal_group,
    record_id,
    without_lost,
)

TEXT = "Dyspnoea, then 🫁 oedema of both lungs."
RECORD = Record(id="r1", group="g", source="test", language="en", text=TEXT)


def layer(*entities, relations=(), record_id="r1"):
    return Layer(record_id=record_id, name="gold", author="gold", entities=entities, relations=relations)


def least_seconds(entities, relations) -> float:
    """The least time of five in which a layer of these is made."""

    def once() -> float:
        start = perf_counter()
        layer(*entities, relations=relations)
        return perf_counter() - start

    return min(once() for _ in range(5))


@pytest.mark.parametrize(
    ("group", "normal"),
    [
        ("101", "101"), ("101.0", "101"), ("101.00", "101"), (" 101 ", "101"), ("00101", "00101"), ("101.5", "101.5"),
        ("1.0.0", "1.0.0"), ("Mu\u0308ller", "M\u00fcller"), ("\ufeffM\u00fcller\u00a0", "M\u00fcller"), (" ", " "),
        ("p-1.0", "p-1.0"),
    ],
)  # fmt: skip
def test_a_group_has_one_form(group, normal):
    assert normal_group(group) == normal
    assert normal_group(normal) == normal


def test_looking_up_the_ends_of_relations_takes_no_longer_in_a_larger_layer():
    entities = [Entity.at(TEXT, 17, 23, "signs_symptoms", id=f"T{number}") for number in range(5_000)]
    relations = tuple(Relation(id=f"R{n}", type="of", head=f"T{n}", tail="T4999") for n in range(4_000))
    # Twice as long with a set; a hundred times with a list.
    assert least_seconds(entities, relations) < 20 * least_seconds(entities, ())


def test_an_entity_stands_where_its_offsets_say():
    oedema = Entity.at(TEXT, TEXT.index("oedema"), TEXT.index("oedema") + 6, "signs_symptoms", id="T1")
    assert (oedema.text, oedema.spans, oedema.start, oedema.end) == ("oedema", ((17, 23),), 17, 23)
    assert check_layer(RECORD, layer(oedema)).entities == (oedema,)


def test_a_discontinuous_entity_joins_its_fragments():
    fragments = (Fragment(start=17, end=23), Fragment(start=32, end=37))
    whole = Entity(id="T1", category="signs_symptoms", text="oedema lungs", fragments=fragments)
    check_layer(RECORD, layer(whole))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fragments": [{"start": 5, "end": 5}]}, "expected an end after the start, got 5 to 5"),
        ({"fragments": [{"start": 5, "end": 2}]}, "expected an end after the start, got 5 to 2"),
        ({"fragments": [{"start": -1, "end": 2}]}, "greater than or equal to 0"),
        ({"fragments": []}, "expected fragments with alignment exact, got 0"),
        ({"alignment": "none", "fragments": [{"start": 0, "end": 8}]}, "expected no fragments"),
        (
            {"fragments": [{"start": 4, "end": 8}, {"start": 0, "end": 5}]},
            "expected fragments in order and apart",
        ),
        ({"score": 1.5}, "less than or equal to 1"),
        ({"invented": True}, "Extra inputs are not permitted"),
    ],
)
def test_an_entity_that_contradicts_itself_is_refused(fields, message):
    good = {"id": "T1", "category": "age", "text": "Dyspnoea", "fragments": [{"start": 0, "end": 8}]}
    with pytest.raises(ValidationError, match=message):
        Entity.model_validate(good | fields)


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        (
            Entity.at(TEXT + " more", 38, 43, "age", id="T7"),
            r"record r1, layer gold, entity T7: expected offsets within",
        ),
        (
            Entity.at("x" * 20, 0, 8, "age", id="T8"),
            r"entity T8: expected its wording .* got other text there",
        ),
        (Entity.at(TEXT, 0, 8, "mood", id="T9"), r"entity T9: expected one of the categories age, got mood"),
    ],
)
def test_a_layer_that_contradicts_its_record_is_refused_by_name(entity, message):
    with pytest.raises(ContradictionError, match=message) as refused:
        check_layer(RECORD, layer(entity), categories={"age": None})
    assert "Dyspnoea" not in str(refused.value)


def test_a_relation_to_a_missing_entity_is_refused():
    here = Entity.at(TEXT, 0, 8, "age", id="T1")
    with pytest.raises(ValidationError, match=r"layer gold of record r1: relation R1 .* expected entity T2"):
        layer(here, relations=(Relation(id="R1", type="x", head="T1", tail="T2"),))


def test_entity_ids_are_unique_within_a_layer():
    here = Entity.at(TEXT, 0, 8, "age", id="T1")
    with pytest.raises(ValidationError, match=r"entity ids given twice: \['T1'\]"):
        layer(here, here)


def test_records_and_entities_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        RECORD.text = "other"


def test_a_record_refuses_nul():
    with pytest.raises(ValidationError, match="without NUL characters, got one at 3"):
        Record(id="r", group="g", source="s", language="en", text="abc\x00")


def test_a_fuzzy_entity_keeps_its_own_wording():
    fuzzy = Entity(
        id="T1",
        category="signs_symptoms",
        text="dyspnea",
        fragments=(Fragment(start=0, end=8),),
        alignment=Alignment.FUZZY,
        alignment_score=0.93,
        assertion=Assertion.PRESENT,
    )
    assert check_layer(RECORD, layer(fuzzy)).entities[0].text == "dyspnea"


@given(st.text(), st.text())
def test_ids_follow_content(left, right):
    same = record_id(left, language="en") == record_id(right, language="en")
    assert same == (left == right)
    assert record_id(left, language="en") != record_id(left, language="de")


def test_a_layer_digest_says_what_is_said_not_by_whom_or_when():
    here = Entity.at(TEXT, 0, 8, "age", id="T1")
    mine = layer(here)
    yours = mine.model_copy(update={"author": "human:anna", "name": "human:anna"})
    assert mine.digest == yours.digest
    assert mine.digest != layer(here.model_copy(update={"score": 0.5})).digest


def test_what_was_lost_in_translation_is_left_out_with_its_relations() -> None:
    lost = {"alignment": "none", "alignment_score": 0.0}
    entities = (
        Entity.at("Kein Fieber.", 5, 11, "signs_symptoms", id="T1"),
        Entity(id="T2", category="age", text="forty", **lost),
        Entity(id="T3", category="age", text="vierzig", **lost),
    )
    links = (Relation(id="R1", type="of", head="T1", tail="T2"), Relation(id="R2", type="of", head="T1", tail="T3"))
    layer = Layer(record_id="r", name="gold", author="gold", entities=entities, relations=links)
    assert without_lost(layer) == layer  # a fact without a place, as imported ones are
    carried = layer.model_copy(update={"provenance": {"projection": {"T1": {}, "T2": {}}}})
    whole = without_lost(carried)
    assert [entity.id for entity in whole.entities] == ["T1", "T3"]
    assert [relation.id for relation in whole.relations] == ["R2"]
