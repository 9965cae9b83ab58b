"""Names of drugs by their stems, for measures, translations and rules."""

from __future__ import annotations

import pytest

from annotation.rules.lexicon import Lexicon, load_kinds
from curation.text.drugs import drug_endings, drug_pattern, find_drugs, keeps_its_name, synonym_lines, without_drugs
from curation.text.tokens import read


@pytest.mark.parametrize(
    "text",
    [
        "Gegeben wurden Amoxicillin, Ramipril und Prednisolon.",
        "She took amoxicillin, amlodipine and Aspirin.",
        "Insulin, heparin and digoxin",
    ],
)
def test_names_are_found_by_stem_in_both_spellings(text: str) -> None:
    names = {"amoxicillin", "ramipril", "prednisolon", "amlodipine", "aspirin", "insulin", "heparin", "digoxin"}
    assert {text[start:end].lower() for start, end in find_drugs(text)} == {
        name for name in names if name in text.lower()
    }


def test_words_that_only_look_like_drugs_are_none() -> None:
    assert not list(find_drugs("A person, the season, the environ; der Patient, die Lunge"))


def test_rules_know_the_same_stems() -> None:
    for language, word in (("en", "zzzcycline"), ("de", "Zzzcyclin"), ("en", "zzzsartan"), ("de", "Zzzsartan")):
        assert list(find_drugs(word)) == [(0, len(word))]
        words = read(word, language)
        assert [term.kind for term in Lexicon(load_kinds(language), language).terms_of(words, 0, 1)] == ["drug"]
    assert {"mycin", "azole"} <= {*drug_endings("en")}
    assert "azole" not in drug_endings("de")


def test_synonyms_share_a_line_and_salts_keep_no_name() -> None:
    assert [*synonym_lines("ass 100")] == [*synonym_lines("aspirin")] != []
    assert keeps_its_name("ramipril")
    assert not keeps_its_name("folsäure")
    assert not keeps_its_name("corticosteroids")


@pytest.mark.parametrize(
    "text",
    [
        "Amoxicillin-Clavulansäure, Nicht-Ramipril und Ramiprilat; ASS-Ramipril",
        "-ramipril ramipril- xRamipril Ramipril1 1ramipril ramipril_b (ramipril)",
        "\N{KELVIN SIGN}etoprolol metoprolol\N{COMBINING ACUTE ACCENT} MetoprololÄ Ätoprolol",
        "a" * 300 + "pril " + "b" * 39 + "pril " + "c" * 41 + "pril",
        "",
    ],
)
def test_words_looked_up_one_by_one_are_those_that_the_pattern_finds(text: str) -> None:
    assert without_drugs(text) == drug_pattern().sub(" ", text)
    spans = {match.span() for match in drug_pattern().finditer(text)}
    assert set(find_drugs(text)) <= spans


def test_lines_of_synonyms_are_those_of_every_pattern() -> None:
    from curation.text import drugs

    for text in (
        "acetylsalicylsäure und kochsalzlösung",
        "paracetamol-infusion, acetaminophen",
        "gabe von ass 100",
        "",
    ):
        every = [line for line, pattern in enumerate(drugs._synonyms()) if pattern.search(text)]
        assert list(synonym_lines(text)) == every
