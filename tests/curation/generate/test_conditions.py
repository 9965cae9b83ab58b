"""The files of conditions: what is checked on loading, and what the shipped ones keep to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import SchemeError
from curation.generate.background import load_background, suitable_traits
from curation.generate.conditions import Disease, load_specialties, load_specialty
from curation.generate.drug import Medication
from curation.generate.phrase import Phrase

CONDITION = """
specialty: teaching
conditions:
  - id: common_cold
    diagnosis: [a|common cold = grippal~ Infekt (m)]
    ages: 5-60
    onset: 1-4 days
    symptoms: [runny nose = Schnupfen (m-), sore throat = Halsschmerzen (p), cough = Husten (m-)]
    signs: [red throat = gerötet~ Rachen (m), a|blocked nose = verstopft~ Nase (f)]
    absent: [fever = Fieber (n-), rash = Ausschlag (m), earache = Ohrenschmerzen (p)]
    labs: {crp: 6-12}
    normal: [leukocytes, haemoglobin]
    tests:
      - test: throat inspection = Racheninspektion (f)
    drugs: [xylometazoline = Xylometazolin | 0.1 mg | intranasal | three_times_daily | 3-5 days]
    outcomes: [was|well after a week = war|nach einer Woche gesund, recovered = genas]
    differentials: [influenza = Influenza (f)]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "teaching.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    specialty = load_specialty(write(tmp_path, CONDITION))
    assert [condition.id for condition in specialty.conditions] == ["common_cold"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("crp: 6-12", "crq: 6-12", "crq"),
        ("Schnupfen (m-)", "Schnupfen", "expected a tag"),
        ("ages: 5-60", "ages: 60-5", "a range that rises"),
        ("onset: 1-4 days", "onset: 1-4 moons", "minutes, hours"),
        ("intranasal", "by nose", "by nose"),
        ("war|nach einer Woche gesund", "war|nach einer Woche gesund (f)", "without a tag"),
        ("absent:", "missing:", "missing"),
        ("    labs: {crp: 6-12}\n", "", "three laboratory values"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, before: str, after: str, words: str) -> None:
    with pytest.raises(SchemeError, match=re.escape(words)):
        load_specialty(write(tmp_path, CONDITION.replace(before, after)))


def test_a_drug_is_read_with_its_alternatives() -> None:
    drug = Medication.parse("heparin = Heparin | 40/60 mg | subcutaneous | - | 3-8 days")
    assert (drug.amounts, drug.unit, drug.route, drug.frequency) == (("40", "60"), "mg", "subcutaneous", "")


def conditions() -> list[Disease]:
    return [condition for specialty in load_specialties() for condition in specialty.conditions]


def nouns() -> Iterator[Phrase]:
    for condition in conditions():
        for phrases in (
            condition.diagnosis,
            condition.symptoms,
            condition.signs,
            condition.absent,
            condition.interventions,
            condition.comorbidities,
            condition.history,
            condition.differentials,
            condition.complications,
            *(test.shows for test in condition.tests),
            *(test.pathology for test in condition.tests),
        ):
            yield from phrases


def test_all_adjectives_before_a_noun_are_declined_together() -> None:
    # "dilatiert~ linker Ventrikel" would give "einen dilatierten linker Ventrikel".
    wrong = [one.de for one in nouns() if re.search(r"~ [a-zäöüß-]+(?:er|es|e|en|em) [A-ZÄÖÜ]", one.de)]
    assert wrong == []


def test_every_condition_has_enough_to_vary() -> None:
    for condition in conditions():
        assert len(condition.symptoms) * len(condition.signs) * len(condition.drugs) >= 6, condition.id


def test_a_diagnosis_is_no_comorbidity_of_its_own() -> None:
    for condition in conditions():
        diagnoses = {phrase.en.lower() for phrase in condition.diagnosis}
        general = {trait.text.en.lower() for trait in suitable_traits(condition).comorbidities}
        assert not diagnoses & general, condition.id
    assert len(load_background().comorbidities) > 15
