"""Concepts by their codes, worked out by hand."""

from __future__ import annotations

from curation.record import Entity, Fragment, Layer
from curation.scheme import Scheme
from curation.scoring.concepts import score_concepts


def layer(record_id: str, *entities: tuple[str, int, int, tuple[str, ...]]) -> Layer:
    return Layer(
        record_id=record_id,
        name="any",
        author="any",
        entities=tuple(
            Entity(id=f"T{number}", category=category, text="x", fragments=(Fragment(start=a, end=b),), codes=codes)
            for number, (category, a, b, codes) in enumerate(entities)
        ),
    )


def test_concepts_are_sets_of_codes_by_record_and_category(scheme: Scheme) -> None:
    gold = layer(
        "r", ("diagnosis", 0, 5, ("ICD10:I26",)), ("diagnosis", 9, 12, ("ICD10:I26",)), ("age", 20, 22, ("X:1",))
    )
    predicted = layer("r", ("diagnosis", 30, 35, ("icd10:i26", "ICD10:J18")), ("signs_symptoms", 0, 3, ("X:1",)))
    found = score_concepts([gold], [predicted], scheme=scheme)
    assert found is not None
    micro = found.concepts.micro
    assert (micro.matched, micro.gold, micro.predicted, micro.f1) == (1, 2, 3, 2 / 5)
    diagnosis = found.concepts.per_category["diagnosis"]
    assert (diagnosis.precision, diagnosis.recall) == (1 / 2, 1)
    # Nothing is at the same place, so that no linking can be measured.
    assert (found.linked, found.linkable) == (None, 0)


def test_linking_is_right_where_all_codes_of_an_entity_of_both_are(scheme: Scheme) -> None:
    gold = layer("r", ("diagnosis", 0, 5, ("A:1", "A:2")), ("diagnosis", 9, 12, ("A:3",)), ("age", 20, 22, ()))
    predicted = layer("r", ("diagnosis", 0, 5, ("A:2", "A:1")), ("diagnosis", 9, 12, ()), ("age", 20, 22, ("A:9",)))
    found = score_concepts([gold], [predicted], scheme=scheme)
    assert found is not None
    assert (found.linked, found.linkable) == (1 / 2, 2)
    assert found.uncoded == {"gold": 1, "predicted": 1}


def test_without_codes_in_gold_nothing_is_measured_and_never_1(scheme: Scheme) -> None:
    plain, coded = layer("r", ("diagnosis", 0, 5, ())), layer("r", ("diagnosis", 0, 5, ("A:1",)))
    assert score_concepts([plain], [plain], scheme=scheme) is None
    assert score_concepts([plain], [coded], scheme=scheme) is None
    silent = score_concepts([coded], [plain], scheme=scheme)
    assert silent is not None
    assert (silent.concepts.micro.f1, silent.linked) == (0, 0)
