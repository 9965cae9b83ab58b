"""Figures, times and doses in the words of each language."""

from __future__ import annotations

import random
import re

import pytest

from curation.generate.amounts import dosed, dosing, endings, figure, length, quantity
from curation.generate.case import Dose, Measurement
from curation.generate.conditions import general_analytes, load_specialties
from curation.generate.drug import Medication
from curation.generate.phrase import PhraseDraws


@pytest.mark.parametrize(
    ("value", "decimals", "english", "german"),
    [
        (7.9, 1, "7.9", "7,9"),
        (1389, 0, "1389", "1389"),
        (150000, 0, "150,000", "150.000"),
        (0.05, 2, "0.05", "0,05"),
    ],
)
def test_figures_are_written_as_the_language_does(value: float, decimals: int, english: str, german: str) -> None:
    assert (figure(value, decimals, "en"), figure(value, decimals, "de")) == (english, german)


@pytest.mark.parametrize(
    ("time", "english", "dative", "accusative"),
    [
        ((1, "days"), "one day", "einem Tag", "einen Tag"),
        ((3, "days"), "three days", "drei Tagen", "drei Tage"),
        ((2, "weeks"), "two weeks", "zwei Wochen", "zwei Wochen"),
        ((5, "years"), "five years", "fünf Jahren", "fünf Jahre"),
        ((14, "months"), "14 months", "14 Monaten", "14 Monate"),
        ((1, "hours"), "one hour", "einer Stunde", "eine Stunde"),
    ],
)
def test_times_are_inflected(time: tuple[int, str], english: str, dative: str, accusative: str) -> None:
    assert [length(time, "en"), length(time, "de"), length(time, "de", case="acc")] == [
        english,
        dative,
        accusative,
    ]


def test_a_second_unit_is_converted() -> None:
    analyte = general_analytes()["creatinine"]
    reading = Measurement("creatinine", analyte, value=1.5, second=0, state=1, other_unit=True)
    assert (quantity(reading, "en"), quantity(reading, "de")) == ("133 µmol/L", "133 µmol/l")


def test_a_dose_is_told_with_route_frequency_and_duration() -> None:
    drug = Medication.parse("prednisolone = Prednisolon | 40 mg | oral | once_daily | 5-5 days")
    name = drug.name.draw(PhraseDraws(random.Random(0), sex=0))
    dose = Dose(name, drug, "40", "oral", "once_daily", (5, "days"), None)
    told = {dosed(dose, "de", short=True, rng=random.Random(seed)).text for seed in range(20)}
    assert told == {"Prednisolon 40 mg p.o. 1-0-0 für 5 d", "Prednisolon 40 mg p.o. 1x tgl. für 5 d"}
    told = {dosed(dose, "en", short=False, rng=random.Random(seed)).text for seed in range(200)}
    assert "prednisolone 40 mg orally once daily for five days" in told
    assert "oral prednisolone (40 mg, daily, for five days)" in told
    assert "40 mg of prednisolone by mouth once a day for five days" in told


def plain(notation: str, amount: str, language: str) -> str:
    drug = Medication.parse(notation)
    dose = Dose(drug.name.draw(PhraseDraws(random.Random(0), sex=0)), drug, amount, "", "", None, None)
    return dosed(dose, language, short=True, rng=random.Random(0)).text


@pytest.mark.parametrize(
    ("dose", "english", "german"),
    [
        ("80 mL/kg/day", "80 mL/kg/day", "80 ml/kg/Tag"),
        ("4 mL/kg/h", "4 mL/kg/h", "4 ml/kg/h"),
        ("15 L/min", "15 L/min", "15 l/min"),
        ("2 units/h", "2 units/h", "2 Einheiten/h"),
        ("1 units/h", "1 unit/h", "1 Einheit/h"),
        ("50 IU/kg", "50 IU/kg", "50 IE/kg"),
    ],
)
def test_units_are_told_in_the_language(dose: str, english: str, german: str) -> None:
    notation, amount = f"drug = Mittel | {dose}", dose.split()[0]
    told = [plain(notation, amount, language) for language in ("en", "de")]
    assert told == [f"drug {english}", f"Mittel {german}"]


def drugs() -> list[Medication]:
    return [drug for one in load_specialties() for condition in one.conditions for drug in condition.drugs]


def test_no_drug_has_an_english_unit_in_german() -> None:
    english = re.compile(r"\d [^ ]*(?:L|IU|units?|days?|drops?|puffs?|tablets?)(?:/|$)")
    for drug in drugs():
        for amount in drug.amounts:
            bare = Medication(drug.name, (amount,), drug.unit)
            dose = Dose(drug.name.draw(PhraseDraws(random.Random(0), sex=0)), bare, amount, "", "", None, None)
            assert not english.search(dosed(dose, "de", short=True, rng=random.Random(0)).text), drug.unit


@pytest.mark.parametrize(
    ("notation", "ends"),
    [
        ("adrenaline = Adrenalin | 0.1 µg/kg/min | intravenous | continuous | 1-3 days", set()),
        ("noradrenaline = Noradrenalin | 0.1 µg/kg/min | intravenous | continuous", set()),
        ("ceftriaxone = Ceftriaxon | 2 g | intravenous | once_daily | 5-7 days", set()),
        ("prednisolone = Prednisolon | 50 mg | oral | once", set()),
        ("prednisolone = Prednisolon | 50 mg | oral | once_daily | 5-5 days", set()),
        ("dexamethasone = Dexamethason | 4 mg", set()),
        ("doxycycline = Doxycyclin | 100 mg | oral | twice_daily | 2-3 weeks", {"nausea", "rash"}),
        ("prednisolone = Prednisolon | 50 mg | oral | once_daily", {"nausea", "rash", "tapered", "stepwise"}),
        ("adalimumab = Adalimumab | 40 mg | subcutaneous | every_2_weeks", {"rash"}),
    ],
)
def test_only_drugs_given_for_long_are_stopped_and_only_some_tapered(notation: str, ends: set[str]) -> None:
    told = {dosing()["stopped"][place]["en"].split()[-1] for place in endings(Medication.parse(notation))}
    assert told == ends


def test_no_single_dose_of_the_shipped_conditions_is_told_as_stopped() -> None:
    assert {drug.frequency for drug in drugs() if endings(drug)}.isdisjoint({"", "once", "as_needed", "continuous"})
