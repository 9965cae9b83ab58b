"""The short notation of phrases, and the German forms that it gives."""

from __future__ import annotations

import random

import pytest

from curation.generate.phrase import Phrase, PhraseDraws, Wording


def draws(sex: int = 0) -> PhraseDraws:
    return PhraseDraws(random.Random(1), sex=sex)


def german(notation: str) -> Wording:
    return Phrase.parse(notation).draw(draws())[1]


@pytest.mark.parametrize(
    ("notation", "forms"),
    [
        (
            "crushing pain = drückend~ Schmerz (m)",
            [
                "drückender Schmerz",
                "den drückenden Schmerz",
                "einem drückenden Schmerz",
                "kein drückender Schmerz",
            ],
        ),
        (
            "a|mild cough = leicht~ Übelkeit (f)",
            ["leichte Übelkeit", "die leichte Übelkeit", "einer leichten Übelkeit", "keine leichte Übelkeit"],
        ),
        (
            "high fever = hoh~ Fieber (n-)",
            ["hohes Fieber", "das hohe Fieber", "hohem Fieber", "kein hohes Fieber"],
        ),
        (
            "leg oedema = beidseitig~ Ödeme^n (p)",
            [
                "beidseitige Ödeme",
                "die beidseitigen Ödeme",
                "beidseitigen Ödemen",
                "keine beidseitigen Ödeme",
            ],
        ),
    ],
)
def test_german_noun_phrases_are_declined(notation: str, forms: list[str]) -> None:
    phrase = german(notation)
    asked = [("nom", "none"), ("acc", "def"), ("dat", "indef"), ("nom", "neg")]
    assert ["".join(phrase.form(case, article)) for case, article in asked] == forms


def test_the_lead_stays_outside() -> None:
    english, german = Phrase.parse("was a|retired miner = war|berenteter Bergmann").draw(draws())
    assert (english.lead, english.text) == ("was a ", "retired miner")
    assert (german.lead, german.text) == ("war ", "berenteter Bergmann")


def test_numbers_are_the_same_in_both_languages_with_a_comma_in_german() -> None:
    english, german = Phrase.parse("a stone of {0.4-0.9} cm = Stein von {0.4-0.9} cm (m)").draw(draws())
    assert german.text == english.text.replace("a stone of", "Stein von").replace(".", ",")


def test_named_choices_stay_the_same_all_through_a_case() -> None:
    case = draws()
    first, second = (
        Phrase.parse(notation).draw(case)[0].text
        for notation in (
            "<side:left/right> arm = <side:link~/recht~> Arm (m)",
            "<side:left/right> = <side:links/rechts>",
        )
    )
    assert first == f"{second} arm"


def test_sex_chooses_its_own_word() -> None:
    phrase = Phrase.parse("lived with <sex:his/her> parents = lebte als Schüler<sex:/in> bei den Eltern")
    assert [one.text for one in phrase.draw(draws(sex=1))] == [
        "lived with her parents",
        "lebte als Schülerin bei den Eltern",
    ]


def test_german_sets_a_blank_before_the_per_cent_sign() -> None:
    english, german = Phrase.parse("loss of {20-20}% = Verlust von {20-20}% (m)").draw(draws())
    assert (english.text, german.text) == ("loss of 20%", "Verlust von 20 %")


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        ("fever", "English = German"),
        ("fever = ", "words in both languages"),
        ("pain for {2-4} days = Schmerzen (p)", "same numbers and choices"),
        ("dull pain = dumpf~ Schmerz", "expected a tag"),
        ("[fever] = Fieber (n)", "stray"),
    ],
)
def test_wrong_notation_is_named(notation: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Phrase.parse(notation)
