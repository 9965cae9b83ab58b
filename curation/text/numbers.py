"""Numbers in digits, as English and German write decimals and thousands, and number words, from number_words.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from curation.record import Frozen
from curation.text.dates import month_numbers
from curation.text.folding import lower_case
from curation.text.terms import any_of, listed
from curation.text.word_lists import FOLDER, read_word_list

#: A number in digits with its decimals or thousands, whatever stands around it.
FIGURES = r"\d+(?:[.,]\d+)*"
#: The same, with thousands parted by a blank or an apostrophe: for one wording, which is no table of numbers.
GROUPED = rf"\d{{1,3}}(?:[ ']\d{{3}})+(?![\d.,]*\d)|{FIGURES}"
#: For whole texts: no number in a name (SpO2, HbA1c), of blanks only those that hold together, and lengths bounded, so
#: that no text takes a time that grows with the square of its length.
IN_TEXT = re.compile(
    r"(?<![^\W_])(?:\d{1,3}(?:['\u00a0\u202f]\d{3})+(?![\d.,]*\d)|\d{1,30}(?:[.,]\d{1,30})*)(?![^\W\d_]\d)"
)
#: What parts the thousands of a number.
APART = re.compile(r"[\s']")
WORD = re.compile(r"[^\W\d_]+")


class NumberWordLists(Frozen):
    """The file: by language and number, its cardinal, other words that always say it, and words that may."""

    cardinals: dict[str, dict[int, str]]
    always: dict[str, dict[int, str]]
    maybe: dict[str, dict[int, str]]
    behind: dict[str, str]
    joined: dict[str, str]


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


@lru_cache(maxsize=4_096)
def number(written: str, language: str) -> float:
    """A number as the language writes it: 1,240 is a thousand in English, 1.240 in German.

    A group of other than three digits, or a first group of nought, makes any sign a decimal one, and so does
    another sign before it.
    """
    plain = APART.sub("", written)
    thousands, decimal = (".", ",") if language == "de" else (",", ".")
    if thousands in plain and plain.rfind(thousands) > plain.rfind(decimal) > -1:
        thousands, decimal = decimal, thousands
    whole, *groups = plain.split(thousands)
    if decimal not in plain and len(groups) == 1 and (len(groups[0]) != 3 or whole.strip("0") == ""):
        return float(plain.replace(",", "."))
    joined = plain.replace(thousands, "")
    return float(joined.replace(decimal, "." if joined.count(decimal) == 1 else ""))


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
    for month, value in month_numbers(language).items():
        maybe[month] = (*maybe.get(month, ()), value)
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


@dataclass(frozen=True, slots=True)
class NumberInWords:
    """Where words begin that say a number, the numbers that they always say, and those that they may."""

    start: int
    always: tuple[int, ...]
    maybe: tuple[int, ...] = ()


def numbers_in_words(text: str, language: str) -> list[NumberInWords]:
    """What the words of a text say; one word may say several numbers (a day: 1, 24)."""
    lower = lower_case(text)
    found = [
        NumberInWords(word.start(), *values)
        for word in WORD.finditer(lower)
        if (values := _values(word[0], language)) is not None
    ]
    return found + _joined(lower, language)


@lru_cache(maxsize=20_000)
def _values(word: str, language: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The numbers that a lower-case word always says, and those that it may; None for most words."""
    words = number_words(language)
    always, maybe = _value(word, words.always, language), _value(word, words.maybe, language)
    return (always, maybe) if always or maybe else None


def _value(word: str, values_of: Mapping[str, tuple[int, ...]], language: str) -> tuple[int, ...]:
    suffix = _behind(language)
    if suffix and word not in values_of and (ending := suffix.search(word)):
        word = word[: ending.start()]
    return values_of.get(word, ())


def _joined(lower: str, language: str) -> list[NumberInWords]:
    """The words of tens and units in a lower-case text."""
    pattern = _joined_pattern(language)
    cardinals = number_words(language).cardinals
    return [
        NumberInWords(word.start(), (cardinals[spelt],))
        for word in (pattern.finditer(lower) if pattern else ())
        if (spelt := word[0].replace("dreissig", "dreißig")) in cardinals
    ]


@cache
def _joined_pattern(language: str) -> re.Pattern[str] | None:
    pattern = _read().joined.get(language)
    return re.compile(pattern) if pattern else None


@cache
def _behind(language: str) -> re.Pattern[str] | None:
    parts = _read().behind.get(language)
    return re.compile(rf"(?:{any_of(listed(parts))})\w*$") if parts else None


@cache
def _read() -> NumberWordLists:
    return read_word_list(FOLDER / "number_words.yaml", NumberWordLists)


def _by_word(values: Mapping[int, str]) -> dict[str, tuple[int, ...]]:
    values_of: dict[str, tuple[int, ...]] = {}
    for value, words in values.items():
        for word in listed(words):
            values_of[word] = (*values_of.get(word, ()), value)
    return values_of
