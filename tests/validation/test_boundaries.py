"""Entities that break the boundary rules of their categories."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_errors import fill, story
from verdicts import gravest

from curation.decision import Verdict
from curation.errors import ConfigError
from curation.scheme import Scheme, load_scheme
from curation.sources.sample import read_sample
from curation.store import Store
from validation.boundaries import breaches, load_boundaries
from validation.settings import BoundarySettings, ValidationSettings
from validation.stage import Measure
from validation.verdict import judge

RULES = load_boundaries()


def _broken(marked: str, *rules: str, language: str = "en") -> list[tuple[str, str]]:
    record, layer = story("r", marked, language=language)
    assert layer is not None
    text = {entity.id: entity.text for entity in layer.entities}
    found = breaches(record, layer, load_scheme(), RULES.chosen(rules))
    return [(one.rule, text[one.entity_id]) for one in found]


@pytest.mark.parametrize(
    ("rule", "language", "marked", "wording"),
    [
        ("age_without_number", "en", "A [retired]{age} man of [54]{age}.", "retired"),
        ("age_without_number", "de", "Eine [berentete]{age} Frau, [Mitte vierzig]{age}.", "berentete"),
        ("gender_without_noun", "en", "A [tall]{gender} [woman]{gender}.", "tall"),
        (
            "life_style_in_social_history",
            "en",
            "[Retired]{social_history}, [smokes daily]{social_history}.",
            "smokes daily",
        ),
        ("life_style_in_social_history", "de", "[Rentner]{social_history}, [raucht]{social_history}.", "raucht"),
        ("social_history_in_life_style", "en", "[Never smoked]{life_style}, [widowed]{life_style}.", "widowed"),
        (
            "family_history_without_relative",
            "en",
            "[Asthma]{family_history}. His [father had gout]{family_history}.",
            "Asthma",
        ),
        (
            "family_history_without_relative",
            "de",
            "[Asthma]{family_history}. [Vater mit Gicht]{family_history}.",
            "Asthma",
        ),
        (
            "relatives_in_own_history",
            "en",
            "[Her mother had asthma]{comorbidities}. [Gout]{diagnosis}.",
            "Her mother had asthma",
        ),
        ("past_marked_as_diagnosis", "en", "He had a history of [gout]{diagnosis}. [Sepsis]{diagnosis}.", "gout"),
        (
            "comorbidity_repeats_diagnosis",
            "en",
            "[The gout]{comorbidities}, then [gout]{diagnosis}, [asthma]{comorbidities}.",
            "The gout",
        ),
        ("value_as_symptom", "en", "[Fever]{signs_symptoms}, [lactate 5 mmol/L]{signs_symptoms}.", "lactate 5 mmol/L"),
        (
            "value_as_symptom",
            "de",
            "[Fieber]{signs_symptoms}, [Laktat 5,1 mmol/l]{signs_symptoms}.",
            "Laktat 5,1 mmol/l",
        ),
        (
            "value_without_result",
            "en",
            "[Chest pain]{laboratory_values}, [sodium 120]{laboratory_values}.",
            "Chest pain",
        ),
        (
            "pathology_without_finding",
            "en",
            "[Skin biopsy]{pathology}: [biopsy showed granulomas]{pathology}.",
            "Skin biopsy",
        ),
        (
            "dose_in_intervention",
            "de",
            "[Prednisolon 40 mg]{interventional_therapy}, [Dialyse]{interventional_therapy}.",
            "Prednisolon 40 mg",
        ),
        (
            "operation_as_drug",
            "en",
            "[Appendectomy]{pharmacological_therapy}, [heparin]{pharmacological_therapy}.",
            "Appendectomy",
        ),
        (
            "history_after_presentation",
            "en",
            "[Measles]{medical_surgical_history}. "
            "[CT]{diagnostic_techniques_procedures}. [Rash]{medical_surgical_history}. "
            "Had [a stroke in 2019]{medical_surgical_history}.",
            "Rash",
        ),
        (
            "outcome_before_treatment",
            "en",
            "[Walked well]{patient_outcome_assessment}. [Gout]{diagnosis}. [Went home]{patient_outcome_assessment}.",
            "Walked well",
        ),
    ],
)
def test_the_entity_that_breaks_a_rule_is_named_and_the_sound_one_is_not(
    rule: str, language: str, marked: str, wording: str
) -> None:
    assert _broken(marked, rule, language=language) == [(rule, wording)]


def test_every_rule_speaks_of_categories_of_the_scheme_and_both_of_its_languages() -> None:
    scheme = load_scheme()
    for rule in RULES.rules:
        assert {*rule.category, *rule.belongs} <= set(scheme.names), rule.name
        assert set(rule.says) == set(scheme.languages), rule.name
        assert set(getattr(rule, "words", rule.says)) == set(scheme.languages), rule.name


def test_in_a_language_without_words_nothing_is_blamed() -> None:
    assert _broken("[Appendicectomie]{pharmacological_therapy} hier.", "operation_as_drug", language="fr") == []


def test_a_negated_entity_is_no_information_and_breaks_nothing() -> None:
    record, layer = story("r", "[Lactate 5 mmol/L]{signs_symptoms} was not found.")
    assert layer is not None
    denied = layer.model_copy(update={"entities": (layer.entities[0].model_copy(update={"assertion": "negated"}),)})
    assert breaches(record, denied, load_scheme(), RULES) == []


@pytest.mark.long
def test_the_rules_by_default_blame_few_records_of_the_shipped_gold() -> None:
    pairs = list(read_sample())
    blamed = [record.id for record, layer in pairs if breaches(record, layer, load_scheme(), RULES.chosen(None))]
    assert len(blamed) <= len(pairs) // 10


FILE = """
rules:
  - {name: no_sleep, kind: forbids, category: [life_style], belongs: [signs_symptoms], says: {en: Sleep is a symptom.},
     words: {en: sleep*}}
"""


@pytest.mark.expectations
def test_a_file_of_ones_own_is_applied_named_and_part_of_the_fingerprint(tmp_path: Path, scheme: Scheme) -> None:
    file = tmp_path / "boundaries.yaml"
    file.write_text(FILE, encoding="utf-8")
    plain = ValidationSettings.model_validate({"similarity": {"enabled": False}})
    settings = plain.model_copy(update={"boundaries": BoundarySettings(file=str(file))})
    assert Measure(scheme, plain, reads=()).fingerprint != Measure(scheme, settings, reads=()).fingerprint
    pair = story("r", "A [54-year-old]{age} [man]{gender} who [sleeps badly]{life_style} came for a second opinion.")
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, [pair], scheme, settings)
        judge(store, scheme, settings, tmp_path)
        (decision,) = gravest(store).values()
    assert (decision.verdict, decision.details["expectation"]) == (Verdict.NEEDS_REVIEW, "boundaries_kept")
    assert decision.details["beside"]["boundaries_broken"] == ["T3: no_sleep"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (FILE.replace("forbids", "wishes"), "wishes"),
        (FILE.replace("words: {en: sleep*}", "word: x"), "words"),
        (FILE + FILE.replace("rules:", ""), "no_sleep"),
        ("rules: [", "YAML"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_that_names_it(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "boundaries.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"boundaries\.yaml.*{told}"):
        load_boundaries(str(file))


def test_a_rule_or_a_file_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="age_without_number"):
        RULES.chosen(("age",))
    with pytest.raises(ConfigError, match="expected a file"):
        load_boundaries(str(tmp_path / "none.yaml"))
