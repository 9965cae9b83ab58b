"""Entities in a category that nothing like them stands in."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_errors import fill

from curation.embeddings import load_encoder
from curation.record import Layer
from curation.scheme import Scheme
from curation.sources.sample import read_sample
from curation.store import Store
from validation.judge import judge
from validation.measures.categories import Placed, doubtful
from validation.settings import Severity, SimilaritySettings, ValidationSettings

DRUGS = "aspirin heparin ibuprofen metformin insulin amoxicillin prednisolone warfarin morphine furosemide".split()
SIGNS = "fever cough nausea vomiting dizziness headache itching swelling fatigue pain".split()


def placed(*, group: str = "{}", swapped: tuple[str, ...] = ()) -> list[Placed]:
    """Ten drugs and ten signs in six records each, some of them in the other's category."""
    found = []
    for number in range(6):
        for category, other, words in (
            ("pharmacological_therapy", "signs_symptoms", DRUGS),
            ("signs_symptoms", "pharmacological_therapy", SIGNS),
        ):
            for word in words:
                id = f"{word}-{number}"
                said = other if id in swapped else category
                found.append(Placed(f"r{number}", group.format(number), id, said, f"{word} {number}"))
    return found


def test_a_swapped_category_is_doubted_and_sound_ones_are_not() -> None:
    swapped = ("insulin-3", "fever-5")
    found = doubtful(placed(swapped=swapped), load_encoder(), 0.01)
    assert sorted(one.entity_id for one in found) == sorted(swapped)


def test_one_group_or_few_entities_teach_nothing() -> None:
    assert doubtful(placed(group="same", swapped=("insulin-3",)), load_encoder(), 0.01) == []
    assert doubtful(placed(swapped=("insulin-3",))[:50], load_encoder(), 0.01) == []


@pytest.mark.parametrize("on", [True, False])
def test_a_record_is_named_with_the_entity_where_the_rule_is_on(tmp_path: Path, scheme: Scheme, on: bool) -> None:
    severity = {"categories_consistent": Severity.SOFT} if on else {}
    settings = ValidationSettings(similarity=SimilaritySettings(enabled=True), severity=severity)
    pairs = list(read_sample(("en",)))[:12]
    record, gold = pairs[3]
    age = next(entity for entity in gold.entities if entity.category == "age")
    wrong = age.model_copy(update={"category": "pharmacological_therapy"})
    entities = tuple(wrong if entity is age else entity for entity in gold.entities)
    pairs[3] = (record, Layer(**{**dict(gold), "entities": entities}))
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, pairs, scheme, settings)
        findings = {one.expectation: one for one in judge(store, scheme, settings, tmp_path).per_expectation}
        assert ("categories_consistent" in findings) is on
        if on:
            assert record.id in findings["categories_consistent"].failed
