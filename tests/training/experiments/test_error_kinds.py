"""Each entity that differs is in one error, of the kind that says most about it."""

from __future__ import annotations

from collections import Counter

import pytest

from curation.record import Entity, Layer, Relation
from curation.scheme import Scheme, load_scheme
from curation.scheme_file import scheme_content
from training.experiments.error_excerpts import excerpt, places
from training.experiments.error_kinds import ErrorKind, LayerError, layer_errors

TEXT = "Sie hatte hohes Fieber und Husten, dazu Übelkeit seit drei Tagen."
SCHEME = Scheme.model_validate(
    scheme_content(
        """
name: small
version: "1"
languages: [en]
categories:
  - name: drug
    definition: {en: A drug.}
  - name: effect
    definition: {en: An effect.}
relations:
  - name: causes
    definition: {en: Causes.}
    heads: [drug]
    tails: [effect]
  - name: eases
    definition: {en: Eases.}
    heads: [drug]
    tails: [effect]
labels:
  - name: severity
    definition: {en: How severe.}
    values: [mild, severe]
"""
    ).content
)


def layer(*marks: tuple[int, int, str], relations: tuple[tuple[str, int, int], ...] = (), **labels: str) -> Layer:
    entities = tuple(
        Entity.at(TEXT, start, end, category, id=f"e{number}") for number, (start, end, category) in enumerate(marks)
    )
    links = tuple(
        Relation(id=f"l{number}", type=type, head=f"e{head}", tail=f"e{tail}")
        for number, (type, head, tail) in enumerate(relations)
    )
    return Layer(record_id="r", name="x", author="x", entities=entities, relations=links, labels=labels)


def kinds(gold: Layer, predicted: Layer | None) -> Counter[str]:
    return Counter(error.kind.value for error in layer_errors(gold, predicted, SCHEME).errors)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(0, 3, "drug")], [(0, 3, "drug")], {}),
        ([(10, 22, "effect")], [(16, 22, "effect")], {"boundary": 1}),
        ([(10, 22, "effect")], [(10, 22, "drug")], {"category": 1}),
        ([(10, 22, "effect")], [(16, 22, "drug")], {"boundary and category": 1}),
        ([(10, 22, "effect")], [], {"missed": 1}),
        ([], [(10, 22, "effect")], {"invented": 1}),
        ([(10, 15, "effect")], [(15, 22, "effect")], {"missed": 1, "invented": 1}),
        # A long one over two: one of them is met, the other is missed.
        ([(10, 15, "effect"), (16, 22, "effect")], [(10, 22, "effect")], {"boundary": 1, "missed": 1}),
        # As many pairs as there can be, whichever comes first.
        ([(10, 22, "effect"), (16, 22, "effect")], [(16, 21, "effect"), (10, 15, "effect")], {"boundary": 2}),
        # The same place in another category beside one that overlaps in the same: boundary and invented.
        ([(10, 22, "effect")], [(10, 22, "drug"), (16, 22, "effect")], {"boundary": 1, "invented": 1}),
    ],
)
def test_the_kinds_of_errors_of_entities(
    gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], expected: dict[str, int]
) -> None:
    assert kinds(layer(*gold), layer(*predicted)) == expected


def test_no_layer_misses_all_and_negated_entities_do_not_count(scheme: Scheme) -> None:
    gold = layer((10, 22, "effect"), severity="mild")
    assert kinds(gold, None) == {"missed": 1, "document label": 1}
    text = "No fever."
    negated = Entity.at(text, 3, 8, "signs_symptoms", id="e", assertion="negated")
    made = Layer(record_id="r", name="x", author="x", entities=(negated,))
    empty = Layer(record_id="r", name="x", author="x")
    assert layer_errors(made, empty, load_scheme()).errors == ()


def test_an_entity_without_a_place_is_missed_or_invented() -> None:
    lost = Entity(id="e", category="drug", text="Aspirin", alignment="none")
    gold = Layer(record_id="r", name="x", author="x", entities=(lost,))
    assert kinds(gold, layer((0, 3, "drug"))) == {"missed": 1, "invented": 1}
    assert layer_errors(gold, gold, SCHEME).right == 1


def test_the_kinds_of_errors_of_relations_and_labels() -> None:
    marks = ((0, 3, "drug"), (10, 22, "effect"), (27, 33, "effect"))
    gold = layer(*marks, relations=(("causes", 0, 1),), severity="mild")
    assert kinds(gold, gold) == {}
    assert kinds(gold, layer(*marks, relations=(("eases", 0, 1),), severity="mild")) == {"relation type": 1}
    assert kinds(gold, layer(*marks, relations=(("causes", 0, 2),), severity="mild")) == {"relation argument": 1}
    assert kinds(gold, layer(*marks, severity="mild")) == {"relation missed": 1}
    more = layer(*marks, relations=(("causes", 0, 1), ("eases", 0, 2)), severity="severe")
    assert kinds(gold, more) == {"relation invented": 1, "document label": 1}
    wrong_label = layer_errors(gold, more, SCHEME).errors[-1]
    assert (wrong_label.name, wrong_label.trusted, wrong_label.predicted) == ("severity", "mild", "severe")


def test_an_excerpt_marks_both_sides_and_is_no_longer_than_asked() -> None:
    error = LayerError(
        ErrorKind.BOUNDARY, "effect", "effect", "effect", trusted_spans=((10, 22),), predicted_spans=((16, 26),)
    )
    parts = excerpt(TEXT, error, around=4)
    assert parts == [
        *(("…", ""), (TEXT[6:10], ""), (TEXT[10:16], "trusted"), (TEXT[16:22], "both")),
        *((TEXT[22:26], "predicted"), (TEXT[26:30], ""), ("…", "")),
    ]
    assert "".join(words for words, _ in excerpt(TEXT, error, around=1000)) == TEXT
    assert excerpt(TEXT, LayerError(ErrorKind.MISSED, "drug", "drug")) == []
    assert places(((10, 15), (20, 24))) == "10-15, 20-24"
