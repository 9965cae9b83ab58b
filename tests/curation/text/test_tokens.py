"""Words and sentences keep exact offsets, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.text.folding import compose
from curation.text.spelling import base_form
from curation.text.tokens import read


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "xx"]))
def test_words_and_the_space_between_them_are_the_text(text: str, language: str) -> None:
    words = read(text, language)
    plain = compose(text).text
    at, rebuilt = 0, ""
    for form, start, end in zip(words.forms, words.starts, words.ends, strict=True):
        between = compose(text[at:start]).text
        assert between.strip() == ""
        assert form in compose(text[start:end]).text
        rebuilt += between + form
        at = end
    rest = compose(text[at:]).text
    assert rebuilt + rest == plain
    assert rest.strip() == ""


def test_a_long_run_without_blanks_is_cut_and_the_rest_read_as_ever() -> None:
    words = read(f"Fever. {'ab/' * 100} Hb 7.9g/dL", "en")
    assert list(words.forms[:2]) == ["Fever", "."]
    assert list(words.forms[2:202]) == ["ab", "/"] * 100
    assert list(words.forms[202:]) == ["Hb", "7.9", "g", "/", "dL"]


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
    assert base_form(one, language) == base_form(other, language)
