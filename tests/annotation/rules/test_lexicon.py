"""Kinds of words."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.rules.lexicon import Kind, Lexicon, load_kinds
from curation.errors import ConfigError
from curation.text.tokens import read

KINDS = {
    "symptom": Kind.model_validate({"terms": "chest pain, fever", "endings": "algia"}),
    "site": Kind.model_validate({"terms": "chest"}),
    "heading": Kind.model_validate({"terms": "History", "followed_by": ":"}),
    "disease": Kind.model_validate({"endings": "itis, oma", "excepting": "coma"}),
    "age": Kind.model_validate({"shapes": [r"T\d+"]}),
}


def kinds(text: str, lexicon: Lexicon | None = None) -> list[str]:
    lexicon = lexicon or Lexicon(KINDS, "en")
    words = read(text, lexicon.language)
    return [term.kind for first, after in words.sentences for term in lexicon.terms_of(words, first, after)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chest pain", ["symptom"]),
        ("Chest pains", ["symptom"]),
        ("chest", ["site"]),
        ("History: fever", ["heading", "symptom"]),
        ("history of fever", ["word", "word", "symptom"]),
        ("neuralgia", ["symptom"]),
        ("carcinoma coma oma", ["disease", "word", "word"]),
        ("T3, 7.9", ["age", "comma", "number"]),
        ("😀", ["other"]),
    ],
)
def test_the_longest_term_then_shape_then_ending_tells_the_kind(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Rückenschmerzen", "symptom"),
        ("Bronchialkarzinoms", "disease"),
        ("Cholezystektomie", "intervention"),
        ("Koloskopien", "procedure"),
        ("Pantoprazol", "drug"),
        ("Diagnose", "cue_diagnosis"),
        ("Person", "person"),
    ],
)
def test_german_compounds_are_known_by_their_endings(word: str, kind: str) -> None:
    assert kinds(word, Lexicon(load_kinds("de"), "de")) == [kind]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_shipped_lexicons_hold_hundreds_of_terms(language: str) -> None:
    shipped = load_kinds(language)
    assert sum(len(kind.terms) for kind in shipped.values()) > 2000
    assert len(shipped["drug"].terms) > 200


def test_a_language_without_a_file_has_no_kinds_and_a_wrong_file_is_named(tmp_path: Path) -> None:
    assert load_kinds("xx") == {}
    (tmp_path / "en.yaml").write_text("kinds: {drug: {words: aspirin}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"en\.yaml"):
        load_kinds("en", folder=tmp_path)


def test_equal_kinds_have_equal_digests() -> None:
    assert Lexicon(KINDS, "en").digest == Lexicon(dict(KINDS), "en").digest != Lexicon({}, "en").digest
