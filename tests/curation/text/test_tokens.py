"""Words and sentences keep exact offsets, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.text.spelling import fold
from curation.text.tokens import read


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "xx"]))
def test_words_and_the_space_between_them_are_the_text(text: str, language: str) -> None:
    words = read(text, language)
    at, rebuilt = 0, ""
    for form, start, end in zip(words.forms, words.starts, words.ends, strict=True):
        assert text[at:start].strip() == ""
        rebuilt += text[at:start] + form
        at = end
    assert rebuilt + text[at:] == text
    assert text[at:].strip() == ""


def test_a_long_run_without_blanks_is_cut_and_the_rest_read_as_ever() -> None:
    words = read(f"Fever. {'ab/' * 100} Hb 7.9g/dL", "en")
    assert list(words.forms[:2]) == ["Fever", "."]
    assert list(words.forms[2:202]) == ["ab", "/"] * 100
    assert list(words.forms[202:]) == ["Hb", "7.9", "g", "/", "dL"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_sentences_cover_every_word_once(text: str) -> None:
    words = read(text, "de")
    assert [word for first, after in words.sentences for word in range(first, after)] == list(range(len(words)))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Seen by Dr. Miller at St. Mary. No fever.", ["Seen by Dr. Miller at St. Mary.", "No fever."]),
        ("en", "Potassium was 3.2 mmol/L. It rose.", ["Potassium was 3.2 mmol/L.", "It rose."]),
        ("en", "Aspirin 100 mg p.o. b.i.d. Then he left.", ["Aspirin 100 mg p.o. b.i.d.", "Then he left."]),
        (
            "en",
            "Fever, e.g. after meals, vs. cough. Nil else.",
            ["Fever, e.g. after meals, vs. cough.", "Nil else."],
        ),
        ("en", "History: asthma\r\nPlan: none\r\n", ["History: asthma", "Plan: none"]),
        ("en", "Fever\n\nCough", ["Fever", "Cough"]),
        ("en", "- Fever\n- Cough", ["- Fever", "- Cough"]),
        (
            "en",
            "The patient had been entirely well until three weeks before his\nadmission, when he fell.",
            ["The patient had been entirely well until three weeks before his\nadmission, when he fell."],
        ),
        ("de", "Hb 7,9 g/dl. V.a. Pneumonie.", ["Hb 7,9 g/dl.", "V.a. Pneumonie."]),
        (
            "de",
            "Am 5. Tag entlassen. Z.n. Sturz, z.B. zu Hause.",
            ["Am 5. Tag entlassen.", "Z.n. Sturz, z.B. zu Hause."],
        ),
        ("de", "Am 3.4.2020 kam Dr. Weiß. Kein Ödem!", ["Am 3.4.2020 kam Dr. Weiß.", "Kein Ödem!"]),
    ],
)
def test_sentences_end_where_people_end_them(language: str, text: str, expected: list[str]) -> None:
    words = read(text, language)
    assert [words.wording(first, after) for first, after in words.sentences] == expected


def test_numbers_keep_their_decimals_and_part_from_units_and_hyphens() -> None:
    assert list(read("Hb 7.9g/dL, 40mg, 54-year-old, BP 92/54", "en").forms) == [
        "Hb",
        "7.9",
        "g",
        "/",
        "dL",
        ",",
        "40",
        "mg",
        ",",
        "54",
        "-",
        "year",
        "-",
        "old",
        ",",
        "BP",
        "92/54",
    ]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Haemoglobin", "hemoglobins"),
        ("en", "tumours", "Tumor"),
        ("en", "biopsies", "biopsy"),
        ("de", "Ödeme", "Oedem"),
        ("de", "akuten", "akuter"),
    ],
)
def test_spelling_variants_fold_to_one(language: str, one: str, other: str) -> None:
    assert fold(one, language) == fold(other, language)
