"""Abbreviations: what they stand for, and the gender and article that they take."""

from __future__ import annotations

import pytest

from curation.generate.phrase import Wording
from curation.generate.wordforms import abbreviated


@pytest.mark.parametrize(
    ("text", "gender", "dative"),
    [
        ("Elektroenzephalographie", "f", "dem EEG"),
        ("erneut~ Elektroenzephalographie", "f", "dem erneuten EEG"),
        ("Elektrokardiogramm", "n", "dem EKG"),
        ("Röntgenaufnahme des Thorax", "f", "dem Rö-Thorax"),
        ("kranial~ Computertomographie", "f", "der kranialen CT"),
        ("arteriell~ Hypertonie", "f", "der aHT"),
    ],
)
def test_a_short_form_has_a_gender_of_its_own(text: str, gender: str, dative: str) -> None:
    assert "".join(abbreviated(Wording("", text, gender), "de").form("dat", "def")) == dative


@pytest.mark.parametrize(
    "text",
    [
        "Kontrastmittel-Computertomographie",
        "Vorhofflimmern-Ablation",
        "Harnwegsinfekte^n",
        "Befund der Elektroenzephalographie",  # der EEG would be wrong
    ],
)
def test_parts_of_words_and_nouns_with_an_article_of_their_own_stay_long(text: str) -> None:
    wording = Wording("", text, "m")
    assert abbreviated(wording, "de") == wording


def test_pulmonary_hypertension_is_not_shortened_as_arterial_hypertension() -> None:
    assert abbreviated(Wording("", "pulmonal-arteriell~ Hypertonie", "f"), "de").text == "PAH"
    assert abbreviated(Wording("", "portal-arteriell~ Hypertonie", "f"), "de").text == "portal-arteriell~ Hypertonie"
    assert abbreviated(Wording("", "pulmonary arterial hypertension"), "en").text == "PAH"


def test_an_english_short_form_takes_the_article_of_its_sound() -> None:
    assert abbreviated(Wording("a ", "myocardial infarction"), "en") == Wording("an ", "MI")
    assert abbreviated(Wording("an ", "electrocardiogram"), "en") == Wording("an ", "ECG")
