from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.egress.settings import PrivacySettings
from curation.markup import parse_markup
from curation.record import Alignment, Assertion, Entity, Fragment, Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.sources.sample import read_sample
from curation.stage import Item
from validation.frame import RECORD_ID
from validation.layers import preferred_layers
from validation.measures.table import COLUMNS, LISTS, MEASURES, WORDS
from validation.rules import IDENTIFIERS, RULES, severities
from validation.settings import SimilaritySettings, ValidationSettings
from validation.stage import Measure

PLAIN = ValidationSettings(similarity=SimilaritySettings(enabled=False))


def _record(text: str, language: str = "en") -> Record:
    return Record(id="r", group="r", source="test", language=language, text=text)


def _measured(record: Record, layer: Layer | None = None, **changes: Any) -> dict[str, Any]:
    stage = Measure(load_scheme(), PLAIN.model_copy(update=changes), reads=("rules",))
    (result,) = stage([Item(record, {"rules": layer} if layer else {})])
    assert result.error is None
    return dict(result.measures)


def _layer(*entities: Entity) -> Layer:
    return Layer(record_id="r", name="rules", author="rules@1", entities=entities)


def test_every_measure_of_a_plain_record() -> None:
    text, entities = parse_markup("A [54-year-old]{age} man had [chest pain]{signs_symptoms} for two hours.")
    assert _measured(_record(text), _layer(*entities)) == {
        "language": "en",
        "characters": 47,
        "words": 9,
        "control_characters": 0,
        "hidden_characters": 0,
        "language_detected": "en",
        "language_confidence": pytest.approx(0.63, abs=0.01),
        "languages_found": 1,
        "layer": "rules",
        "author": "rules@1",
        "entities": 2,
        "unknown_categories": 0,
        "unknown_relations": 0,
        "flat_faults": 0,
        "answer_faults": 0,
        "facts_changed": 0,
        "invalid_labels": 0,
        "missing_labels": 0,
        "unknown_labels": 0,
        "invalid_attributes": 0,
        "boundary_breaches": 0,
        "inexact_offsets": 0,
        "repeated_entities": 0,
        "grounding_ratio": 1.0,
        "ungrounded": 0,
        "uncovered_measured": 0,
        "uncovered_drugs": 0,
        "uncovered_tests": 0,
        "uncovered_clauses": 0,
        "uncovered_facts": 0,
        "uncovered_share": 0.0,
        "age_lowest": 54,
        "age_highest": 54,
        "age_spread": 0,
        "ages_unread": 0,
        "ages_contradicted": 0,
        "denied_as_present": 0,
        "negated_undenied": 0,
        "identifiers": 0,
    }


def test_without_a_layer_only_the_text_is_measured() -> None:
    found = _measured(_record("She felt dizzy and fell."))
    assert set(found) == {*(column for spec in MEASURES[:2] for column in spec.columns), "identifiers"}


def _at(id: str, start: int, end: int, text: str, **fields: Any) -> Entity:
    return Entity(id=id, category="diagnosis", text=text, fragments=(Fragment(start=start, end=end),), **fields)


def test_offsets_that_leave_the_text_or_give_other_wording_are_inexact() -> None:
    record = _record("Acute gout of the left knee.")
    found = _measured(
        record,
        _layer(
            _at("T1", 0, 10, "Acute gout"),
            _at("T2", 1, 11, "Acute gout"),
            _at("T3", 6, 400, "gout"),
            _at("T4", 0, 10, "acute  GOUT", alignment=Alignment.FOLDED),
            _at("T5", 0, 10, "acute gut", alignment=Alignment.FOLDED),
            _at("T6", 0, 10, "gouty attack", alignment=Alignment.FUZZY, alignment_score=0.9),
            _at("T7", 0, 10, "gout", alignment=Alignment.FUZZY, alignment_score=0.6),
            Entity(id="T8", category="diagnosis", text="lupus", alignment=Alignment.NONE),
        ),
    )
    assert found["inexact_entities"] == ["T2", "T3", "T5"]
    assert found["inexact_offsets"] == 3
    assert found["ungrounded_entities"] == ["T2", "T3", "T5", "T7", "T8"]
    assert found["grounding_ratio"] == 0.375


def test_an_entity_said_twice_counts_once_too_often() -> None:
    found = _measured(_record("Acute gout."), _layer(_at("T1", 6, 10, "gout"), _at("T2", 6, 10, "gout")))
    assert found["repeated_entities"] == 1


def test_ages_of_relatives_and_of_former_times_are_not_compared() -> None:
    text = "At 30, her mother at 61, had it at 12."
    ages = [(3, 5, Assertion.PRESENT), (21, 23, Assertion.FAMILY), (35, 37, Assertion.HISTORICAL)]
    entities = [
        Entity.at(text, start, end, "age", id=f"T{place}", assertion=assertion)
        for place, (start, end, assertion) in enumerate(ages)
    ]
    found = _measured(_record(text), _layer(*entities))
    assert (found["age_lowest"], found["age_highest"], found["age_spread"]) == (30, 30, 0)


def _hidden(text: str) -> tuple[Any, Any]:
    found = _measured(_record(text))
    return found["control_characters"], found["hidden_characters"]


def test_hidden_and_control_characters_are_told_from_those_that_belong() -> None:
    assert _hidden("Fever\tsince\r\nMonday, Kranken\u00adhaus, 👩\u200d⚕️, U\u0308bel.") == (0, 0)
    assert _hidden("fe\x07ver \ufffd\x85") == (3, 0)
    assert _hidden("\ufefffe\u200bver \u202etext\u202c") == (0, 4)


@pytest.mark.long
@tried(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=300),
    st.sampled_from(["en", "de", "xx", ""]),
)
def test_any_text_is_measured(text: str, language: str) -> None:
    entity = Entity(id="T1", category="age", text=text[:20] or "?", alignment=Alignment.NONE)
    found = _measured(_record(text, language), _layer(entity))
    assert found["words"] == len(text.split())


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "word " * 200_000, "a" * 1_000_000, "\u202eabc\u202c", "\x01\x02", "Fever. Fieber. 熱."],
)
def test_bad_input_is_a_finding_and_no_crash(text: str) -> None:
    assert _measured(_record(text))["characters"] == len(text.strip())


def test_people_come_before_machines_and_gold_comes_last() -> None:
    names = ["gold", "mine", "rules", "few-shot", "adapter", "human:anna", "consensus", "llm"]
    authors = {name: name for name in names}
    assert preferred_layers(authors, PLAIN) == (
        "consensus",
        "human:anna",
        "adapter",
        "llm",
        "rules",
        "few-shot",
        "mine",
        "gold",
    )
    assert preferred_layers(authors, PLAIN.model_copy(update={"layer": "gold"})) == ("gold",)


def test_the_fingerprint_follows_what_is_measured_and_not_where_thresholds_lie(scheme: Scheme) -> None:
    def fingerprint(**changes: Any) -> str:
        changed = ValidationSettings.model_validate(
            {**PLAIN.model_dump(exclude_defaults=True), **changes, "similarity": {"enabled": False}}
        )
        return Measure(scheme, changed, reads=()).fingerprint

    usual = fingerprint()
    assert fingerprint(grounding={"minimum": 0.9}, length={"minimum": 9}) == usual
    assert fingerprint(grounding={"fuzzy": 0.9}) != usual
    assert fingerprint(layer="gold") != usual


def test_rules_and_frame_speak_of_columns_that_measures_give() -> None:
    known = {*COLUMNS, RECORD_ID}
    assert {rule.column for rule in RULES} <= known
    assert {column for rule in RULES for column in rule.beside} <= known
    assert known >= WORDS | LISTS
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_identifiers_are_counted_by_kind_and_place_and_never_quoted() -> None:
    found = _measured(_record("Mr. Holloway was seen on March 3, 2015; hip replacement in 2014."))
    assert found["identifiers"] == 2
    assert found["identifier_kinds"] == ["DATE: 1", "NAME: 1"]
    assert found["identifier_places"] == ["4-12:NAME", "25-38:DATE"]
    assert "Holloway" not in str(found)


def test_the_settings_say_what_counts_as_an_identifier() -> None:
    privacy = PrivacySettings(kinds=(IdentifierKind.YEAR,))
    found = _measured(_record("Mr. Holloway had a hip replacement in 2014."), privacy=privacy)
    assert found["identifier_kinds"] == ["YEAR: 1"]


@pytest.mark.parametrize(
    ("policy", "severity"), [("allow", "off"), ("report", "soft"), ("replace", "hard"), ("block", "hard")]
)
def test_the_privacy_policy_says_how_grave_identifiers_are(policy: str, severity: str) -> None:
    settings = ValidationSettings(privacy=PrivacySettings(policy=policy))
    assert severities(settings)[IDENTIFIERS] == severity


def test_german_cases_are_measured_alike_with_decomposed_letters() -> None:
    """Only what counts code points differs: how many there are, and where something stands."""
    measure = Measure(load_scheme(), PLAIN, reads=("gold",))
    cases = [(record, layer) for record, layer in read_sample() if record.language == "de"]
    plain = measure([Item(record, {"gold": layer}) for record, layer in cases])
    apart = measure([_decomposed(record, layer) for record, layer in cases])
    for left, right in zip(plain, apart, strict=True):
        names = {name for name in left.measures if left.measures[name] != right.measures[name]}
        assert names <= {"characters", "uncovered_clause_places", "identifier_places"}


def _decomposed(record: Record, layer: Layer) -> Item:
    def apart(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    def at(offset: int) -> int:
        return len(apart(record.text[:offset]))

    entities = [
        entity.model_copy(
            update={
                "text": apart(entity.text),
                "fragments": tuple(Fragment(start=at(start), end=at(end)) for start, end in entity.spans),
            }
        )
        for entity in layer.entities
    ]
    moved = layer.model_copy(update={"entities": tuple(entities)})
    return Item(record.model_copy(update={"text": apart(record.text)}), {"gold": moved})
