"""Entities in a category that nothing like them stands in."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_errors import fill

from curation.embeddings.encoder import load_encoder
from curation.record import Layer
from curation.scheme import Scheme
from curation.sources.sample import read_sample
from curation.store import Store
from validation.measures.categories import CategorisedEntity, doubtful
from validation.measures.outliers import distances
from validation.settings import CategorySettings, Severity, SimilaritySettings, ValidationSettings
from validation.verdict import judge

pytestmark = pytest.mark.model

DRUGS = "aspirin heparin ibuprofen metformin insulin amoxicillin prednisolone warfarin morphine furosemide".split()
SIGNS = "fever cough nausea vomiting dizziness headache itching swelling fatigue pain".split()


def placed(*, group: str = "{}", swapped: tuple[str, ...] = ()) -> list[CategorisedEntity]:
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
                found.append(CategorisedEntity(f"r{number}", group.format(number), id, said, f"{word} {number}"))
    return found


def test_a_swapped_category_is_doubted_and_sound_ones_are_not() -> None:
    swapped = ("insulin-3", "fever-5")
    found = doubtful(placed(swapped=swapped), load_encoder(), 0.01)
    assert sorted(one.entity_id for one in found) == sorted(swapped)


def test_one_group_or_few_entities_teach_nothing() -> None:
    assert doubtful(placed(group="same", swapped=("insulin-3",)), load_encoder(), 0.01) == []
    assert doubtful(placed(swapped=("insulin-3",))[:50], load_encoder(), 0.01) == []


def test_a_drug_among_signs_lies_farthest_from_them() -> None:
    swapped = ("insulin-3",)
    entities = placed(swapped=swapped)
    far = {one.entity_id: by for one, by in zip(entities, distances(entities, load_encoder()), strict=True)}
    signs = [one.entity_id for one in entities if one.category == "signs_symptoms"]
    assert max(signs, key=lambda id: far[id] or 0) == "insulin-3"
    assert (far["insulin-3"] or 0) >= CategorySettings().far


def test_a_category_with_few_entities_has_no_outliers() -> None:
    assert distances(placed()[:7], load_encoder()) == [None] * 7
    assert distances([], load_encoder()) == []


@pytest.mark.parametrize("on", [True, False])
def test_a_record_is_named_with_the_entity_where_the_rule_is_on(tmp_path: Path, scheme: Scheme, on: bool) -> None:
    rules = ("categories_consistent", "entities_near_their_category")
    severity = dict.fromkeys(rules, Severity.SOFT) if on else {}
    settings = ValidationSettings(similarity=SimilaritySettings(enabled=True), severity=severity)
    # Enough entities to learn from, also where the rules are off: else nothing would be found for want of them.
    pairs = list(read_sample(("en",)))[:12]
    record, gold = pairs[3]
    age = next(entity for entity in gold.entities if entity.category == "age")
    wrong = age.model_copy(update={"category": "pharmacological_therapy"})
    entities = tuple(wrong if entity is age else entity for entity in gold.entities)
    pairs[3] = (record, Layer(**{**dict(gold), "entities": entities}))
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, pairs, scheme, settings)
        findings = {one.expectation: one for one in judge(store, scheme, settings, tmp_path).per_expectation}
        assert findings.keys() & set(rules) == (set(rules) if on else set())
        assert all(record.id in findings[rule].failed for rule in rules if on)
