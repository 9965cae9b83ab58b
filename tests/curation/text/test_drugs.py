"""Names of drugs by their stems, for measures, translations and rules."""

from __future__ import annotations

import pytest

from annotation.rules.lexicon import Lexicon, load_kinds
from curation.text.drugs import drug_endings, find_drugs, keeps_its_name, synonym_lines
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
    assert {match[0].lower() for match in find_drugs(text)} == {name for name in names if name in text.lower()}


def test_words_that_only_look_like_drugs_are_none() -> None:
    assert not list(find_drugs("A person, the season, the environ; der Patient, die Lunge"))


def test_rules_know_the_same_stems() -> None:
    for language, word in (("en", "zzzcycline"), ("de", "Zzzcyclin"), ("en", "zzzsartan"), ("de", "Zzzsartan")):
        assert next(iter(find_drugs(word)))[0] == word
        words = read(word, language)
        assert [term.kind for term in Lexicon(load_kinds(language), language).terms_of(words, 0, 1)] == ["drug"]
    assert {"mycin", "azole"} <= {*drug_endings("en")}
    assert "azole" not in drug_endings("de")


def test_synonyms_share_a_line_and_salts_keep_no_name() -> None:
    assert [*synonym_lines("ass 100")] == [*synonym_lines("aspirin")] != []
    assert keeps_its_name("ramipril")
    assert not keeps_its_name("folsäure")
    assert not keeps_its_name("corticosteroids")
