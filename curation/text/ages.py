"""Ages in English and German words, read as whole years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from curation.record import Frozen
from curation.text.folding import compose
from curation.text.numbers import number_words
from curation.text.terms import any_of, listed
from curation.text.word_lists import FOLDER, read_word_list

LANGUAGES = ("en", "de")
HYPHEN = re.compile(r"[-\u2010-\u2015]")


class AgeUnit(Frozen):
    """What a number of a unit of age is followed by, and how many of it a year has."""

    pattern: str
    per_year: float


class AgeWordLists(Frozen):
    """The file of ages."""

    units: tuple[AgeUnit, ...]
    words: dict[str, int]
    decade_parts: str
    under_one: str


@dataclass(frozen=True, slots=True)
class AgeGrammar:
    """The words for numbers and decades, and the patterns that read them."""

    words: dict[str, int]
    decades: dict[str, int]
    quantities: tuple[tuple[re.Pattern[str], float], ...]
    decade_patterns: tuple[re.Pattern[str], ...]
    under_one: re.Pattern[str]
    bare: re.Pattern[str]


def parse_age(wording: str) -> int | None:
    """Whole years: under one year is 0, a decade is its midpoint; None when no age can be read."""
    grammar = _grammar()
    text = " ".join(HYPHEN.sub(" ", compose(wording).text.lower().replace("dreissig", "dreißig")).split())
    years = [
        _value(found["number"], grammar) / per_year
        for pattern, per_year in grammar.quantities
        for found in pattern.finditer(text)
    ]
    if years:
        return int(sum(years) + 1e-6)
    for pattern in grammar.decade_patterns:
        if found := pattern.search(text):
            tens = next(value for value in found.groups() if value)
            return (int(tens) if tens.isdigit() else grammar.decades[tens]) + 5
    if grammar.under_one.search(text):
        return 0
    bare = grammar.bare.search(text)
    return int(_value(bare["number"], grammar)) if bare else None


def _value(number: str, grammar: AgeGrammar) -> float:
    return float(grammar.words[number]) if number in grammar.words else float(number.replace(",", "."))


@cache
def _grammar() -> AgeGrammar:
    lists = read_word_list(FOLDER / "ages.yaml", AgeWordLists)
    cardinals = {
        word.replace("-", " "): value for spoken in LANGUAGES for word, value in number_words(spoken).cardinals.items()
    }
    words = lists.words | cardinals
    number = rf"(?P<number>\d+(?:[.,]\d+)?|{any_of(words)})"
    english = {word.removesuffix("y") + "ies": value for word, value in number_words("en").tens.items()}
    german = dict(number_words("de").tens)
    return AgeGrammar(
        words=words,
        decades=english | german,
        quantities=tuple(
            (re.compile(rf"(?<![\w.,]){number} ?(?:{unit.pattern})(?!\w)"), unit.per_year) for unit in lists.units
        ),
        decade_patterns=(
            # "Mitte vierzig", "Anfang 50": the decade's midpoint, as the scheme says.
            re.compile(rf"(?:{any_of(listed(lists.decade_parts))})(?: der)? ([1-9]0|{any_of(german)})(?!\w)"),
            re.compile(rf"(?<!\w)(?:([1-9]0)(?:'?s|er)|({any_of(english)})|({any_of(german)})(?:er|ern)?)(?!\w)"),
        ),
        under_one=re.compile(rf"\b(?:{lists.under_one})\b"),
        bare=re.compile(rf"(?<![\w.,]){number}(?![\w.,]\d)(?!\w)"),
    )
