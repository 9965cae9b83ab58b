"""Terms of the user: which occur, which are obeyed, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import ConfigError
from curation.translate.termbase import GlossaryTerm, Termbase, disobeyed, read_terms

TERMS = [
    GlossaryTerm(source="myocardial infarction", target="Myokardinfarkt"),
    GlossaryTerm(source="infarction", target="Infarkt"),
    GlossaryTerm(source="stroke", target="Schlaganfall", **{"from": "en", "to": "de"}),
    GlossaryTerm(source="stroke", target="ictus", to="es"),
]


def occurring(text: str) -> list[str]:
    return [term.target for term in Termbase(TERMS, source="en", target="de").occurring(text)]


def test_the_longest_term_that_occurs_counts_in_any_case() -> None:
    assert occurring("An acute Myocardial-Infarction.") == ["Myokardinfarkt"]
    assert occurring("A myocardial infarction, no other infarction; stroke?") == [
        "Myokardinfarkt",
        "Infarkt",
        "Schlaganfall",
    ]
    assert occurring("Strokes and infarctions") == []


def test_an_inflected_term_is_obeyed_and_another_word_is_not() -> None:
    assert disobeyed(TERMS[:1], "nach eines Myokardinfarktes") == []
    assert disobeyed(TERMS[:1], "nach einem Herzinfarkt") == TERMS[:1]


def test_a_file_of_terms_is_read(tmp_path: Path) -> None:
    file = tmp_path / "glossary.yaml"
    assert read_terms(file) == ()
    file.write_text("- {source: stroke, target: Schlaganfall, category: diagnosis, to: de}\n", encoding="utf-8")
    assert read_terms(file) == (GlossaryTerm(source="stroke", target="Schlaganfall", category="diagnosis", to="de"),)
    file.write_text("", encoding="utf-8")
    assert read_terms(file) == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("target: Pyrexie", "one translation of 'fever' between two languages, got 'Fieber' and 'Pyrexie'"),
        ("target: Pyrexie, to: de", "one translation of 'fever' between two languages"),
        ("target: Pyrexie, from: en", "one translation of 'fever' between two languages"),
        ("target: Fieber, to: klingon", "expected to of 'fever' to be a language of de, en, fr, got 'klingon'"),
        ("target: Fieber, from: EN", "expected from of 'fever' to be a language of de, en, fr, got 'EN'"),
        ("target: fieber", None),
    ],
)
def test_two_translations_of_a_term_and_a_language_that_is_none_are_refused(
    tmp_path: Path, more: str, said: str | None
) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text(f"- {{source: fever, target: Fieber}}\n- {{source: fever, {more}}}\n", encoding="utf-8")
    if said is None:
        assert len(read_terms(file, languages=["de", "en", "fr"])) == 2
    else:
        with pytest.raises(ConfigError, match=said):
            read_terms(file, languages=["de", "en", "fr"])


def test_a_term_may_be_said_otherwise_in_another_language(tmp_path: Path) -> None:
    file = tmp_path / "glossary.yaml"
    lines = ["to: de, target: Fieber", "to: fr, target: fièvre", "from: fr, to: de, target: Fieber"]
    file.write_text("".join(f"- {{source: fever, {line}}}\n" for line in lines), encoding="utf-8")
    assert len(read_terms(file, languages=["de", "en", "fr"])) == 3


@pytest.mark.parametrize(
    "content",
    ["- {source: a}", "source: a", "[1]", "- {source: a, target: b, into: c}", "{", "- {source: '', target: b}"],
)
def test_a_file_that_is_no_list_of_terms_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="expected a list of terms"):
        read_terms(file)
