"""Cases told alike in two languages, sentence by sentence."""

from __future__ import annotations

from collections import Counter

import pytest

from curation.errors import UsageError
from curation.generate import generate
from curation.record import Entity, Layer, Record, check_layer

CASES = 120
Told = list[tuple[Record, Layer]]


@pytest.fixture(scope="module")
def told() -> Told:
    return list(generate(CASES, seed=11, parallel=True))


def pairs(told: Told) -> list[tuple[tuple[Record, Layer], tuple[Record, Layer]]]:
    return list(zip(told[::2], told[1::2], strict=True))


def facts(layer: Layer, start: int, end: int) -> Counter[tuple[str, str, str]]:
    inside = [entity for entity in layer.entities if start <= entity.start < end]
    return Counter((entity.id, entity.category, entity.assertion.value) for entity in inside)


def test_each_sentence_has_the_same_facts_as_its_like(told: Told) -> None:
    for (english, layer), (german, other) in pairs(told):
        assert len(english.meta["sentences"]) == len(german.meta["sentences"]) > 0
        for place, other_place in zip(english.meta["sentences"], german.meta["sentences"], strict=True):
            assert facts(layer, *place) == facts(other, *other_place)


def test_every_entity_lies_in_a_sentence_and_has_its_own_number(told: Told) -> None:
    for record, layer in told:
        check_layer(record, layer)
        inside = sum((facts(layer, *place) for place in record.meta["sentences"]), Counter[tuple[str, str, str]]())
        assert inside.total() == len(layer.entities) == len({entity.id for entity in layer.entities})


def test_readings_have_the_same_digits(told: Told) -> None:
    def digits(entity: Entity) -> str:
        return "".join(letter for letter in entity.text.replace("10^9", "") if letter.isdigit())

    for (_, layer), (_, other) in pairs(told):
        numbers = {entity.id: digits(entity) for entity in other.entities if entity.category == "laboratory_values"}
        assert all(digits(entity) == numbers[entity.id] for entity in layer.entities if entity.id in numbers)


def test_the_order_of_the_languages_changes_nothing(told: Told) -> None:
    assert list(generate(10, languages=("de", "en"), seed=11, parallel=True)) == told[:20]


def test_noise_leaves_sentences_and_gold_in_place() -> None:
    for record, layer in generate(40, seed=11, noise=1.0, parallel=True):
        check_layer(record, layer)
        assert all(record.text[start:end].strip() for start, end in record.meta["sentences"])


def test_texts_differ_from_case_to_case(told: Told) -> None:
    assert len({record.text for record, _ in told}) == 2 * CASES


def test_one_language_alone_cannot_be_told_alike() -> None:
    with pytest.raises(UsageError, match="two languages"):
        list(generate(1, languages=("de",), parallel=True))
