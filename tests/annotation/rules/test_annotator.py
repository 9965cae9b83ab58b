"""What the rules mark, in both languages, and that nothing in a text upsets them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.rules.annotator import Found, RulesAnnotator, longest
from annotation.rules.patterns import load_patterns
from annotation.settings import RulesSettings
from curation.errors import ConfigError
from curation.record import Layer, Record, check_layer
from curation.scheme import Scheme, load_scheme
from curation.stage import Item

SCHEME = load_scheme()
ANNOTATOR = RulesAnnotator(SCHEME)


def record(text: str, language: str = "en") -> Record:
    return Record(id="r1", group="g1", source="test", language=language, text=text)


def layer_of(text: str, language: str = "en", *, annotator: RulesAnnotator = ANNOTATOR) -> Layer:
    (result,) = annotator([Item(record(text, language))])
    (layer,) = result.layers
    return check_layer(record(text, language), layer, categories=SCHEME.by_name)


def marked(text: str, language: str = "en") -> list[tuple[str, str]]:
    return [(entity.category, entity.text) for entity in layer_of(text, language).entities]


def test_an_english_summary_is_marked() -> None:
    text = (
        "A 54-year-old man was admitted with crushing chest pain and no fever. Blood pressure was 92/54 mmHg. "
        "Coronary angiography was performed, and aspirin 100 mg orally once daily was started."
    )
    entities = [(one.category, one.text, one.assertion.value) for one in layer_of(text).entities]
    assert entities == [
        ("age", "54-year-old", "present"),
        ("gender", "man", "present"),
        ("signs_symptoms", "crushing chest pain", "present"),
        ("signs_symptoms", "fever", "negated"),
        ("laboratory_values", "Blood pressure was 92/54 mmHg", "present"),
        ("diagnostic_techniques_procedures", "Coronary angiography", "present"),
        ("pharmacological_therapy", "aspirin 100 mg orally once daily", "present"),
    ]


def test_a_german_summary_is_marked() -> None:
    text = (
        "Die 72-jährige Patientin kam mit starken Rückenschmerzen, Fieber bestand nicht. Hämoglobin 7,9 g/dl. "
        "Es erfolgte eine Gastroskopie; sie erhielt Prednisolon 40 mg oral einmal täglich."
    )
    entities = [(one.category, one.text, one.assertion.value) for one in layer_of(text, "de").entities]
    assert entities == [
        ("age", "72-jährige", "present"),
        ("gender", "Patientin", "present"),
        ("signs_symptoms", "starken Rückenschmerzen", "present"),
        ("signs_symptoms", "Fieber", "negated"),
        ("laboratory_values", "Hämoglobin 7,9 g/dl", "present"),
        ("diagnostic_techniques_procedures", "Gastroskopie", "present"),
        ("pharmacological_therapy", "Prednisolon 40 mg oral einmal täglich", "present"),
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "A 7-month-old girl.", ("age", "7-month-old")),
        ("en", "A boy aged 7 months.", ("age", "aged 7 months")),
        ("en", "She was in her late forties.", ("age", "in her late forties")),
        ("en", "A sixty-year-old male.", ("age", "sixty-year-old")),
        ("en", "Elevated troponin.", ("laboratory_values", "Elevated troponin")),
        ("en", "C-reactive protein of 180 mg/L.", ("laboratory_values", "C-reactive protein of 180 mg/L")),
        (
            "en",
            "He was given intravenous ceftriaxone 2 g daily.",
            ("pharmacological_therapy", "intravenous ceftriaxone 2 g daily"),
        ),
        (
            "en",
            "Contrast-enhanced CT of the abdomen.",
            ("diagnostic_techniques_procedures", "Contrast-enhanced CT of the abdomen"),
        ),
        ("en", "A diagnosis of ovarian carcinoma was made.", ("diagnosis", "ovarian carcinoma")),
        ("en", "History of ischaemic stroke.", ("medical_surgical_history", "ischaemic stroke")),
        (
            "en",
            "He underwent laparoscopic cholecystectomy.",
            ("interventional_therapy", "laparoscopic cholecystectomy"),
        ),
        ("en", "She is a retired teacher.", ("social_history", "retired teacher")),
        ("en", "Long-standing hypertension.", ("comorbidities", "hypertension")),
        ("en", "He died.", ("patient_outcome_assessment", "died")),
        ("en", "Histology showed non-caseating granulomas.", ("pathology", "non-caseating granulomas")),
        ("de", "Ein 7 Monate alter Säugling.", ("age", "7 Monate alter")),
        ("de", "Eine Frau Mitte vierzig.", ("age", "Mitte vierzig")),
        ("de", "Erhöhtes Troponin.", ("laboratory_values", "Erhöhtes Troponin")),
        ("de", "Blutdruck 92/54 mmHg.", ("laboratory_values", "Blutdruck 92/54 mmHg")),
        (
            "de",
            "Röntgenaufnahme des Thorax.",
            ("diagnostic_techniques_procedures", "Röntgenaufnahme des Thorax"),
        ),
        ("de", "Z.n. Appendektomie 2009.", ("medical_surgical_history", "Appendektomie 2009")),
        ("de", "Diagnose einer akuten Lungenembolie.", ("diagnosis", "akuten Lungenembolie")),
        ("de", "Bekannte arterielle Hypertonie.", ("comorbidities", "arterielle Hypertonie")),
        (
            "de",
            "Laparoskopische Cholezystektomie.",
            ("interventional_therapy", "Laparoskopische Cholezystektomie"),
        ),
        ("de", "Nicht verkäsende Granulome.", ("pathology", "Nicht verkäsende Granulome")),
        ("de", "Er arbeitet als Dachdecker.", ("social_history", "arbeitet als Dachdecker")),
        ("de", "Sie verstarb.", ("patient_outcome_assessment", "verstarb")),
    ],
)
def test_each_kind_of_information_is_found(language: str, text: str, expected: tuple[str, str]) -> None:
    assert expected in marked(text, language)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "His father died of stroke at 52.", ("family", "His father died of stroke at 52")),
        ("en", "There was no family history of cancer.", ("negated", "no family history of cancer")),
        (
            "de",
            "Vater mit 50 Jahren an Herzinfarkt verstorben.",
            ("family", "Vater mit 50 Jahren an Herzinfarkt verstorben"),
        ),
    ],
)
def test_what_relatives_have_is_family_history(language: str, text: str, expected: tuple[str, str]) -> None:
    found = [
        (one.assertion.value, one.text) for one in layer_of(text, language).entities if one.category == "family_history"
    ]
    assert found == [expected]


def test_rules_mark_the_first_mention_of_age_and_gender() -> None:
    text = "A 30-year-old woman. The woman was seen by a man. At the 30-year-old woman's wish she left."
    assert marked(text) == [("age", "30-year-old"), ("gender", "woman")]


@pytest.mark.parametrize(
    ("language", "text", "disease"),
    [
        ("en", "Past medical history: pneumonia.\nCourse: uneventful.", "pneumonia"),
        ("de", "Vorerkrankungen: Pneumonie.\nVerlauf: unauffällig.", "Pneumonie"),
    ],
)
def test_a_heading_turns_what_stands_below_it(language: str, text: str, disease: str) -> None:
    assert ("medical_surgical_history", disease) in marked(text, language)
    assert ("diagnosis", disease) in marked(
        f"{text}\n\n{'Diagnosis' if language == 'en' else 'Diagnose'}: {disease}", language
    )


def test_the_longest_of_overlapping_finds_stays_then_the_surest() -> None:
    short, sure, other = (
        Found(0, 5, "diagnosis", "a", 0.9),
        Found(0, 9, "diagnosis", "b", 0.8),
        Found(0, 9, "comorbidities", "c", 0.7),
    )
    apart = Found(9, 12, "age", "d", 0.1)
    assert longest([short, other, apart, sure]) == [sure, apart]


def test_the_layer_says_which_pattern_found_what_and_how_sure() -> None:
    layer = layer_of("No fever.")
    (entity,) = layer.entities
    assert (layer.name, layer.author, entity.attributes, entity.score) == (
        "rules",
        "rules@3",
        {"pattern": "symptom"},
        0.7,
    )
    assert set(layer.provenance) == {"patterns", "scheme"}


def test_offsets_stand_with_emoji_umlauts_combining_signs_and_windows_line_ends() -> None:
    text = "😀 Die 54-jährige\r\nPatientin hatte U\u0308belkeit,\r\nFieber 👩\u200d⚕️ und Ödeme."
    assert marked(text, "de")[:2] == [("age", "54-jährige"), ("gender", "Patientin")]
    assert ("signs_symptoms", "Fieber") in marked(text, "de")
    assert ("signs_symptoms", "Ödeme") in marked(text, "de")


PIECES = st.sampled_from(
    [
        "fever",
        "no ",
        "54-year-old",
        "Hb 7.9 g/dL",
        "Fieber",
        "kein ",
        "😀",
        "\r\n",
        "\u202e",
        "u\u0308",
        "aspirin 5 mg",
        ". ",
        "(",
        "-",
        "Z.n. ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(PIECES, st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)), max_size=30
    ),
    st.sampled_from(["en", "de"]),
)
def test_any_text_gives_a_layer_whose_offsets_are_exact(pieces: list[str], language: str) -> None:
    text = "".join(pieces)
    entities = layer_of(text, language).entities
    assert all(text[one.start : one.end] == one.text for one in entities)
    assert all(left.end <= right.start for left, right in pairwise(entities))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\r\n\t ",
        "\u200f\u0645\u0631\u0636",
        "\x01\x02\x7f",
        "\ud800",
        "(((((",
        "-" * 100_000,
        "x" * 100_000,
    ],
)
def test_odd_texts_give_an_empty_layer(text: str) -> None:
    assert layer_of(text).entities == ()


@pytest.mark.long
def test_a_long_text_is_marked_to_its_end() -> None:
    text = "He had fever. " * 20_000
    assert len(layer_of(text).entities) == 20_000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "start", ["history of ", "graded normal ", "mother had ", "diagnosis of ", "smoked ", "previous "]
)
@pytest.mark.parametrize("word", ["word ", "abdominal ", "mild ", "3 ", "hemoglobin ", "serum ", "of ", "day ", "- "])
def test_no_run_of_words_keeps_the_patterns_busy(start: str, word: str) -> None:
    assert layer_of(f"{start}{word * 350}").name == "rules"


def test_a_language_without_patterns_gets_an_empty_layer() -> None:
    assert layer_of("Il a 54 ans.", "fr").entities == ()


def test_results_and_fingerprint_are_the_same_again() -> None:
    again = RulesAnnotator(SCHEME)
    text = "A 54-year-old man with fever and elevated troponin."
    assert again.fingerprint == ANNOTATOR.fingerprint
    assert layer_of(text, annotator=again).digest == layer_of(text).digest


def test_settings_scheme_and_layer_name_change_the_fingerprint() -> None:
    others = [
        RulesAnnotator(SCHEME, RulesSettings(threshold=0.5)),
        RulesAnnotator(SCHEME, layer="rules-2"),
        RulesAnnotator(Scheme.model_validate({**SCHEME.model_dump(), "version": 2})),
    ]
    assert len({ANNOTATOR.fingerprint, *(other.fingerprint for other in others)}) == 4


def test_the_threshold_leaves_unsure_patterns_out() -> None:
    sure = RulesAnnotator(SCHEME, RulesSettings(threshold=0.9))
    layer = layer_of("A 54-year-old man with fever.", annotator=sure)
    assert [one.text for one in layer.entities] == ["54-year-old", "man"]


SMOKING = Scheme.model_validate(
    {
        "name": "smoking",
        "version": 1,
        "categories": [
            {
                "name": "smoking",
                "label": {"en": "Smoking"},
                "definition": {"en": "x"},
                "colour": "#111111",
                "hotkey": "1",
            }
        ],
    }
)

OWN = """
kinds:
  smoke: {terms: "smokes, smoker", shapes: ['smok\\w+']}
groups:
  much: "number|number_word"
categories:
  smoking:
    patterns:
      - {id: amount, score: 0.9, match: "smoke much (word|habit)+"}
      - {id: spacy, score: 0.5, tokens: [{LOWER: ex}, {ORTH: "-"}, {LOWER: smoker}]}
"""


def test_another_scheme_brings_its_own_patterns(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(OWN, encoding="utf-8")
    annotator = RulesAnnotator(SMOKING, RulesSettings(patterns=tmp_path))
    (result,) = annotator([Item(record("He smokes ten cigarettes. An ex-smoker."))])
    assert [(one.category, one.text) for one in result.layers[0].entities] == [
        ("smoking", "smokes ten cigarettes"),
        ("smoking", "ex-smoker"),
    ]


def test_a_scheme_without_patterns_gets_none() -> None:
    (result,) = RulesAnnotator(SMOKING)([Item(record("He smokes ten cigarettes."))])
    assert result.layers[0].entities == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("categories: {smoking: {patterns: [{id: a, score: 0.5, match: 'nosuchkind'}]}}", "nosuchkind"),
        ("categories: {smoking: {patterns: [{id: a, score: 0.5, match: '(word'}]}}", "smoking/a"),
        ("categories: {smoking: {patterns: [{id: a, score: 0.5, match: 'word & word'}]}}", "'&'"),
        ("categories: {smoking: {patterns: [{id: a, score: 0.5}]}}", "either match or tokens"),
        ("categories: [", "en.yaml"),
    ],
)
def test_a_wrong_pattern_file_is_named_with_its_fault(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "en.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message.replace("/", ".")):
        RulesAnnotator(SMOKING, RulesSettings(patterns=tmp_path))([Item(record("x"))])


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_pattern_category_is_in_the_default_scheme(language: str) -> None:
    file = load_patterns(language)
    assert file is not None
    assert set(file.categories) == set(SCHEME.names)
