"""The numbers that English and German words say, from number_words.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from curation.record import Frozen
from curation.text.terms import listed
from validation.measures.known import read_known


class Listed(Frozen):
    """The file: by language and number, its cardinal, other words that always say it, and words that may."""

    cardinals: dict[str, dict[int, str]]
    always: dict[str, dict[int, str]]
    maybe: dict[str, dict[int, str]]


@dataclass(frozen=True, slots=True)
class NumberWords:
    """The number words of a language, in small letters."""

    #: From 0 to 99, each with one word: twenty-five, fünfundzwanzig.
    cardinals: Mapping[str, int]
    #: The cardinals of one part, without units: ten, twenty.
    tens: Mapping[str, int]
    #: Words that always say a number, cardinals of one part among them; a word may say several.
    always: Mapping[str, tuple[int, ...]]
    #: Words that say a number, or something else.
    maybe: Mapping[str, tuple[int, ...]]


@cache
def number_words(language: str) -> NumberWords:
    """The number words of English (en) or German (de); none of other languages."""
    read = _read()
    simple = {word: value for value, word in read.cardinals.get(language, {}).items()}
    tens = {word: value for word, value in simple.items() if value >= 20}
    units = {word: value for word, value in simple.items() if 0 < value < 10}
    joined = "{ten}-{unit}" if language == "en" else "{unit}und{ten}"
    maybe = _by_word(read.maybe.get(language, {}))
    sure = {word: (value,) for word, value in simple.items() if word not in maybe}
    return NumberWords(
        cardinals=simple
        | {
            joined.format(ten=ten, unit=unit): worth + value
            for ten, worth in tens.items()
            for unit, value in units.items()
        },
        tens=tens,
        always=sure | _by_word(read.always.get(language, {})),
        maybe=maybe,
    )


@cache
def _read() -> Listed:
    return read_known("number_words", Listed)


def _by_word(values: Mapping[int, str]) -> dict[str, tuple[int, ...]]:
    known: dict[str, tuple[int, ...]] = {}
    for value, words in values.items():
        for word in listed(words):
            known[word] = (*known.get(word, ()), value)
    return known
