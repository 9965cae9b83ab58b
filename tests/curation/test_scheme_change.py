"""Layers carried from one scheme to another: what is renamed, merged and dropped, and that it all adds up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import UsageError
from curation.record import Assertion, Entity, Layer, Relation
from curation.scheme import Category, DocumentLabel, Scheme
from curation.scheme_change import ChangeCounts, SchemeChange, difference, scheme_names

TEXT = "aspirin 100 mg for pain"
ENTITIES = (
    Entity.at(TEXT, 0, 7, "drug", id="T1"),
    Entity.at(TEXT, 0, 7, "substance", id="T2"),
    Entity.at(TEXT, 8, 14, "dose", id="T3"),
    Entity.at(TEXT, 19, 23, "reason", id="T4"),
)
RELATIONS = (
    Relation(id="R1", type="has", head="T1", tail="T3"),
    Relation(id="R2", type="has", head="T2", tail="T3"),
    Relation(id="R3", type="for", head="T1", tail="T4"),
)
LAYER = Layer(
    record_id="r",
    name="human:anna",
    author="human:anna",
    entities=ENTITIES,
    relations=RELATIONS,
    labels={"smoker": "ex"},
)


def scheme(*categories: str, **labels: tuple[str, ...]) -> Scheme:
    return Scheme(
        name="s",
        categories=tuple(
            Category(name=name, label={}, colour=f"#00000{number}", hotkey=str(number))
            for number, name in enumerate(categories)
        ),
        labels=tuple(DocumentLabel(name=name, values=values) for name, values in labels.items()),
    )


NEW = scheme("medication", "dose", smoking=("past", "never"))


def carried(renames: list[str], drops: list[str] = ()) -> tuple[Layer | None, ChangeCounts]:  # type: ignore[assignment]
    counts = ChangeCounts()
    return SchemeChange.of(renames, drops, NEW).carried(LAYER, counts), counts


def test_a_merge_makes_entities_that_are_the_same_one_and_keeps_their_relations():
    renames = ["drug=medication", "substance=medication", "smoker=smoking", "smoker.ex=smoking.past"]
    layer, counts = carried(renames, ["reason"])
    assert layer is not None
    assert [(entity.id, entity.category) for entity in layer.entities] == [("T1", "medication"), ("T3", "dose")]
    assert [(relation.id, relation.head, relation.tail) for relation in layer.relations] == [("R1", "T1", "T3")]
    assert layer.labels == {"smoking": "past"}
    assert (layer.name, layer.author) == (LAYER.name, LAYER.author)
    assert layer.provenance == {"migrated_from": LAYER.digest}
    assert counts.as_json() == {
        "layers": {"human:anna": 1},
        "renamed": {"drug -> medication": 1, "substance -> medication": 1, "smoker.ex -> smoking.past": 1},
        "merged": {"medication": 1},
        "dropped": {"reason": 1},
        "relations_dropped": 2,
    }


def test_entities_that_differ_in_their_assertion_or_place_stay_two():
    negated = ENTITIES[1].model_copy(update={"assertion": Assertion.NEGATED})
    layer = LAYER.model_copy(update={"entities": (ENTITIES[0], negated), "relations": ()})
    found = SchemeChange.of(["drug=medication", "substance=medication"], [], NEW).carried(layer, ChangeCounts())
    assert found is not None
    assert [entity.id for entity in found.entities] == ["T1", "T2"]


def test_a_layer_without_any_of_the_names_is_not_written_anew():
    counts = ChangeCounts()
    change = SchemeChange.of(["drug=medication"], ["reason"], NEW)
    dose = LAYER.model_copy(update={"entities": ENTITIES[2:3], "relations": ()})
    assert change.carried(dose, counts) is None
    assert counts == ChangeCounts()


def test_the_values_of_a_label_go_with_it():
    change = SchemeChange.of(["smoker=smoking"], ["alcohol"], NEW)
    assert [change.target(name) for name in ("smoker", "smoker.past", "alcohol.yes", "dose")] == [
        "smoking",
        "smoking.past",
        None,
        "dose",
    ]


@pytest.mark.parametrize(
    ("renames", "drops", "message"),
    [
        (["drug"], [], "expected --rename OLD=NEW, got 'drug'"),
        (["drug=pill"], [], "it has no pill"),
        (["drug=medication", "drug=dose"], [], "got drug twice"),
        (["drug=medication"], ["drug"], "got both for drug"),
        (["smoker.ex=smoking.past"], [], "expected --rename smoker.ex=smoker.VALUE"),
        (["smoker.ex=smoking"], [], "expected --rename smoker.ex=smoker.VALUE"),
        (["drug=smoking.past"], [], "got --rename drug=smoking.past"),
    ],
)
def test_a_change_that_cannot_be_is_refused(renames, drops, message):
    with pytest.raises(UsageError, match=message):
        SchemeChange.of(renames, drops, NEW)


categories = st.sampled_from(["drug", "substance", "dose", "reason"])


@given(st.lists(st.tuples(categories, st.integers(0, 3)), max_size=12))
def test_no_entity_is_lost_without_being_counted(found):
    entities = tuple(
        Entity.at(TEXT, start, start + 3, category, id=f"T{number}") for number, (category, start) in enumerate(found)
    )
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=entities)
    counts = ChangeCounts()
    change = SchemeChange.of(["drug=medication", "substance=medication"], ["reason"], NEW)
    after = change.carried(layer, counts) or layer
    gone = counts.merged.total() + counts.dropped.total()
    assert len(after.entities) == len(entities) - gone
    assert counts.renamed.total() == sum(category in ("drug", "substance") for category, _ in found)
    assert {entity.category for entity in after.entities} <= {"medication", "dose"}
    before = Counter(entity.spans for entity in entities if entity.category != "reason")
    assert {entity.spans for entity in after.entities} == set(before)


def test_what_differs_between_two_schemes():
    old = scheme("drug", "dose", smoker=("ex", "never"))
    new = scheme("dose", "route", smoker=("past", "never"))
    found = difference(old, new)
    assert found.removed == ("drug", "smoker.ex")
    assert found.added == ("route", "smoker.past")
    assert found.changed == {"dose": ("colour", "hotkey"), "smoker": ("values",)}
    assert difference(old, old).changed == {}
    assert scheme_names(old) == ("drug", "dose", "smoker", "smoker.ex", "smoker.never")
