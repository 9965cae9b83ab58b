from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.stage import Item
from curation.text.quantities import quantities
from validation.measures.dates import dates
from validation.measures.doses import doses
from validation.measures.laboratory import readings
from validation.settings import SimilaritySettings, ValidationSettings
from validation.stage import Measure

PLAIN = ValidationSettings(similarity=SimilaritySettings(enabled=False))


def _measured(markup: str, language: str = "en") -> dict[str, Any]:
    text, entities = parse_markup(markup)
    record = Record(id="r", group="r", source="test", language=language, text=text)
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=entities)
    (result,) = Measure(load_scheme(), PLAIN, reads=("rules",))([Item(record, {"rules": layer})])
    assert result.error is None
    return dict(result.measures)


@tried(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["en", "de", "xx"]))
def test_any_wording_is_read(wording: str, language: str) -> None:
    list(quantities(wording, language))
    list(readings(f"sodium {wording} mmol/L", language))
    list(doses(f"aspirin {wording} mg", language))
    list(dates(wording))


@pytest.mark.parametrize(
    ("wording", "language", "plausible", "slip"),
    [
        ("haemoglobin 7.9 g/dL", "en", True, False),
        ("haemoglobin 79 g/dL", "en", False, True),
        ("haemoglobin 79 g/L", "en", True, False),
        ("haemoglobin 4.9 mmol/L", "en", True, False),
        ("Kalium 4,1 mmol/l", "de", True, False),
        ("Kalium 41 mmol/l", "de", False, True),
        ("potassium 2.7 mg/dL", "en", False, False),
        ("Leukozyten 13.200/µl", "de", True, False),
        ("leukocytes 13.2/µL", "en", True, False),
        ("creatinine 141 mg/dL", "en", False, True),
        ("creatinine 141 µmol/L", "en", True, False),
        ("Hb fell to 8.4 g/dL", "en", True, False),
        ("pCO2 of 3.55 kPa", "en", True, False),
        ("pH 73.6", "en", False, True),
        ("RR 142/88 mmHg", "de", True, False),
        ("temperature 385 °C", "en", False, True),
    ],
)
def test_a_laboratory_value_is_compared_in_its_unit(wording: str, language: str, plausible: bool, slip: bool) -> None:
    (found,) = readings(wording, language)
    assert (found.plausible, found.slip) == (plausible, slip)


@pytest.mark.parametrize(
    "wording",
    [
        "urine sodium 12 mmol/L",
        "TSH receptor antibodies 14.2 IU/L",
        "protein/creatinine ratio was 1.4 g/g",
        "creatinine 2.1",
        "neutrophils 85%",
        "elevated troponin",
        "temperature 99.7 °F",
    ],
)
def test_what_cannot_be_compared_is_not_judged(wording: str) -> None:
    assert not list(readings(wording, "en"))


@pytest.mark.parametrize(
    ("wording", "language", "plausible"),
    [
        ("prednisolone 40 mg orally once daily", "en", True),
        ("prednisolone 40 g orally once daily", "en", False),
        ("Prednisolon 40 µg oral", "de", False),
        ("40 mg of torasemide", "en", True),
        ("Colecalciferol 20 000 IE wöchentlich", "de", True),
        ("enoxaparin 1 mg/kg subcutaneously", "en", True),
        ("enoxaparin 100 mg/kg subcutaneously", "en", False),
        ("pantoprazole 40 mg/day", "en", True),
    ],
)
def test_a_dose_is_compared_with_what_is_given_of_the_drug(wording: str, language: str, plausible: bool) -> None:
    assert [found.plausible for found in doses(wording, language)] == [plausible]


@pytest.mark.parametrize(
    "wording",
    ["levodopa/benserazide 100/25 mg", "metformin and acarbose 1 g", "propofol 40 g", "saline 0.9% 3 L with aspirin"],
)
def test_a_dose_that_may_be_another_drugs_is_not_judged(wording: str) -> None:
    assert not list(doses(wording, "en"))


def test_implausible_amounts_are_counted_and_named() -> None:
    found = _measured(
        "[Hb 112 g/dL]{laboratory_values}, [sodium 138 mmol/L]{laboratory_values}; "
        "[bisoprolol 2.5 g daily]{pharmacological_therapy}, [aspirin 100 mg]{pharmacological_therapy}."
    )
    assert (found["amounts_compared"], found["implausible_values"], found["implausible_doses"]) == (4, 1, 1)
    assert found["implausible_value_entities"] == ["T1"]
    assert found["implausible_dose_entities"] == ["T3"]
    assert found["unit_slip_entities"] == ["T1", "T3"]


@pytest.mark.parametrize(
    ("markup", "language", "denied", "undenied"),
    [
        ("She had no [fever]{signs_symptoms} or [chills]{signs_symptoms}.", "en", ["T1", "T2"], []),
        ("She had no [fever]{signs_symptoms negated} or [chills]{signs_symptoms}.", "en", ["T2"], []),
        ("She had no [fever]{signs_symptoms negated} but [chills]{signs_symptoms}.", "en", [], []),
        ("[Lymphoma]{diagnosis} was ruled out.", "en", ["T1"], []),
        ("She had [fever]{signs_symptoms negated} and a cough.", "en", [], ["T1"]),
        ("[Fever]{signs_symptoms negated}, a cough and chills were denied.", "en", [], []),
        ("She had [fever]{signs_symptoms negated}. A cough was denied.", "en", [], ["T1"]),
        ("She had [fever]{signs_symptoms negated}\n\nNo cough", "en", [], ["T1"]),
        ("No change. She had [fever]{signs_symptoms negated}.", "en", [], ["T1"]),
        ("No improvement of the [fever]{signs_symptoms}.", "en", [], []),
        ("Kein [Fieber]{signs_symptoms}, [Husten]{signs_symptoms}.", "de", ["T1", "T2"], []),
        ("[Fieber]{signs_symptoms} bestand nicht.", "de", ["T1"], []),
        ("Weder [Fieber]{signs_symptoms} noch [Husten]{signs_symptoms}.", "de", ["T1", "T2"], []),
        ("Es bestand noch [Fieber]{signs_symptoms}.", "de", [], []),
        ("Es bestand [Fieber]{signs_symptoms negated}.", "de", [], ["T1"]),
        ("[Fieber]{signs_symptoms negated} oder Husten fanden sich nicht.", "de", [], []),
        ("[Fieber]{signs_symptoms negated} bestand. Husten fand sich nicht.", "de", [], ["T1"]),
        ("Pas de [fièvre]{signs_symptoms}.", "fr", [], []),
    ],
)
def test_assertions_are_held_against_denials(
    markup: str, language: str, denied: list[str], undenied: list[str]
) -> None:
    found = _measured(markup, language)
    assert found.get("denied_as_present_entities", []) == denied
    assert found.get("negated_undenied_entities", []) == undenied


@pytest.mark.parametrize(
    ("markup", "language", "wrong"),
    [
        ("A [54-year-old]{age} [man]{gender} fell.", "en", []),
        ("A [4-year-old]{age} [man]{gender} fell.", "en", ["T1"]),
        ("A [54-year-old]{age} infant.", "en", ["T1"]),
        ("A [14-year-old]{age} [boy]{gender} came.", "en", []),
        ("An elderly [58-year-old]{age} patient; the child was well.", "en", []),
        ("Ein [45-jähriges]{age} [Mädchen]{gender}.", "de", ["T1"]),
        ("Eine [4-jährige]{age} [Patientin]{gender}.", "de", []),
    ],
)
def test_an_age_is_held_against_the_noun_beside_it(markup: str, language: str, wrong: list[str]) -> None:
    assert _measured(markup, language).get("age_contradicted_entities", []) == wrong


@pytest.mark.parametrize(
    ("markup", "language", "wrong"),
    [
        ("A [54-year-old]{age} [man]{gender}. He fell. He recovered.", "en", []),
        ("A [54-year-old]{age} [man]{gender}. She fell. Her arm healed.", "en", ["T2"]),
        ("A [54-year-old]{age} [man]{gender}. His wife said she saw that he fell.", "en", []),
        ("A [man]{gender} with [ovarian carcinoma]{diagnosis}.", "en", ["T1"]),
        ("A [woman]{gender}, no [prostate cancer]{diagnosis negated}.", "en", []),
        ("A [man]{gender}; [his mother had ovarian cancer]{family_history family}.", "en", []),
        ("Ein [Mann]{gender}. Die Patientin stürzte. Die Patientin genas.", "de", ["T1"]),
        ("Ein [2 Monate alter]{age} [Junge]{gender}. Die Patientin gab an, die Patientin sei müde.", "de", []),
    ],
)
def test_a_gender_is_held_against_pronouns_and_organs(markup: str, language: str, wrong: list[str]) -> None:
    assert _measured(markup, language).get("gender_contradicted_entities", []) == wrong


@pytest.mark.parametrize(
    ("text", "read", "impossible", "out_of_order"),
    [
        ("Admitted on 12 March 2021, discharged on 20 March 2021.", 2, 0, 0),
        ("Admitted on 12 March 2021, discharged on 2 March 2021.", 2, 0, 1),
        ("Seen on 31 April 2021.", 1, 1, 0),
        ("Seen on 02/29/2020 and on 29/02/2021.", 2, 1, 0),
        ("Stationär vom 14.03.2021 bis 10.03.2021.", 2, 0, 1),
        ("Geboren am 3. Mai 1960, verstorben am 2. Juni 2020.", 2, 0, 0),
        ("On 2021-13-01 and on June 5, 2021.", 2, 1, 0),
    ],
)
def test_dates_are_days_of_a_calendar_and_in_order(text: str, read: int, impossible: int, out_of_order: int) -> None:
    found = _measured(text)
    assert (found["dates_read"], found["dates_impossible"], found["dates_out_of_order"]) == (
        read,
        impossible,
        out_of_order,
    )


def test_nothing_is_said_of_a_text_without_dates() -> None:
    assert "dates_read" not in _measured("Blood pressure 120/80, seen in 2021, on day 3.")
