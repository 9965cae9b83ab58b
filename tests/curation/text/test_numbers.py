"""One list of number words, and what each reader makes of it."""

from __future__ import annotations

import pytest

from curation.text.ages import parse_age
from curation.text.numbers import number_words
from validation.measures.semantic.numbers import numbers
from validation.translation.numerals import numerals


@pytest.mark.parametrize(
    ("language", "word", "value"),
    [("en", "seven", 7), ("en", "fifty-six", 56), ("de", "einundzwanzig", 21), ("de", "neunzehn", 19)],
)
def test_every_number_below_a_hundred_has_its_word(language: str, word: str, value: int) -> None:
    cardinals = number_words(language).cardinals
    assert cardinals[word] == value
    assert sorted(cardinals.values()) == list(range(100))


def test_a_language_without_words_has_none() -> None:
    none = number_words("fr")
    assert not none.cardinals | none.tens | none.always | none.maybe


@pytest.mark.parametrize(
    ("language", "text", "sure", "vague"),
    [
        ("en", "twenty-one days, twice", {"20", "21", "2"}, {"1"}),
        ("de", "einundzwanzig Tage, eine vierundvierzigjährige", {"21", "44"}, {"1"}),
        ("de", "fünfunddreissig Jahre, der zweite", {"35"}, {"2"}),
    ],
)
def test_a_translation_tells_sure_words_from_vague_ones(
    language: str, text: str, sure: set[str], vague: set[str]
) -> None:
    found = numerals(text, language)
    assert (set(found.sure), set(found.vague)) == (sure, vague)


def test_each_number_is_told_where_it_begins() -> None:
    text = "İ. Puls 80, fünfunddreissig Jahre, seit zwei Tagen"
    found = numerals(text, "de").values()
    assert {(text[start:].split()[0].rstrip(","), value) for start, value in found} == {
        ("80", "80"),
        ("fünfunddreissig", "35"),
        ("zwei", "2"),
    }


def test_one_word_is_read_alike_in_ages_and_in_what_tells_patients_apart() -> None:
    for language, word in (("en", "thirty-five"), ("de", "fünfunddreißig")):
        assert parse_age(f"{word} {'years' if language == 'en' else 'Jahre'}") == 35
        assert numbers(f"{word} ...", language) == {"35"}
