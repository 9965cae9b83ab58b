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
    "content",
    ["- {source: a}", "source: a", "[1]", "- {source: a, target: b, into: c}", "{", "- {source: '', target: b}"],
)
def test_a_file_that_is_no_list_of_terms_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="expected a list of terms"):
        read_terms(file)
