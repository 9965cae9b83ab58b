"""Dates in English and German: the names of months, and every form in which a day is written.

What reads dates differs on purpose and stands here side by side: `read_date` reads one wording in any form, even with
parts missing; `whole_dates` finds dates in a text for a calendar, `date_numbers` their numbers for a comparison. The
patterns of identifiers match more shapes than any of these and take months and numbers from here (`fill_date_parts`).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from curation.errors import ConfigError
from curation.record import Frozen
from curation.text.folding import Span, lower_case
from curation.text.terms import any_of, listed
from curation.text.word_lists import FOLDER, read_word_list

#: Years in which a date of a report lies.
FIRST_YEAR, LAST_YEAR = 1880, 2100
#: Years of two digits up to this one are of this century.
CENTURY = 40
#: Other spellings of a month up to this length are short ones.
SHORT = 4
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


class DateGrammar(Frozen):
    """The file of months and forms."""

    months: dict[str, tuple[str, ...]]
    parts: dict[str, str]
    forms: tuple[str, ...]
    day_first: str
    month_first: str
    whole: tuple[str, ...]
    digits: str


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """The date in a wording: the parts that it names, and the match with where each stands."""

    year: int | None
    month: int | None
    day: int | None
    match: re.Match[str]

    @property
    def whole(self) -> date | None:
        """The day, when all of it is named."""
        return last_day(self.year, self.month, self.day) if self.year and self.month and self.day else None

    def near(self, around: date) -> date:
        """The day, with what is not named taken from another one, or from the middle of the month or year."""
        if self.day and not self.month:
            # The end of a span of time names the month for its beginning: "28. to 3.5." begins in April.
            last = around if self.day <= around.day else around.replace(day=1) - timedelta(days=1)
            return last_day(last.year, last.month, self.day)
        month, day = self.month or 7, self.day or (15 if self.month else 1)
        if self.year:
            return last_day(self.year, month, day)
        years = (around.year + more for more in (0, 1, -1))
        return min((last_day(year, month, day) for year in years), key=lambda found: abs(found - around))


@dataclass(frozen=True, slots=True)
class WholeDate:
    """A date in a text, and the day that it names; None where no calendar has it."""

    start: int
    end: int
    day: date | None


def read_date(wording: str, language: str) -> WrittenDate | None:
    """The date in a wording, if its form is known."""
    for form in _forms(language):
        match = form.fullmatch(wording.rstrip())
        if match and (parts := _parts(match.groupdict(), language)):
            return WrittenDate(*parts, match)
    return None


def whole_dates(text: str) -> Iterator[WholeDate]:
    """The dates of a text that name year, month and day, English and German, from left to right."""
    for match in _whole().finditer(lower_case(text)):
        yield WholeDate(*match.span(), _calendar_day(match))


def date_numbers(text: str) -> Iterator[tuple[Span, tuple[tuple[str, Span], ...]]]:
    """Each date of a text in digits, with day, month and year as written in figures, a year of two digits in full."""
    for match in _digits().finditer(text):
        parts = list(re.finditer(r"\d+", match[0]))
        values = [str(int(part[0])) for part in parts]
        if len(parts[0][0]) <= 2:
            values[-1] = str(full_year(parts[-1][0]))
        spans = [(match.start() + part.start(), match.start() + part.end()) for part in parts]
        yield match.span(), tuple(zip(values, spans, strict=True))


def last_day(year: int, month: int, day: int) -> date:
    """The day, or the last one of a month that has no such day."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def full_year(written: str) -> int:
    """A year of two or four digits in full."""
    number = int(written)
    return number if len(written) == 4 else number + (2000 if number <= CENTURY else 1900)


def is_day_first(first: str, second: str, language: str) -> bool:
    """Whether 3/4/2020 begins with the day: where only one reading is a date that one, else as the language does."""
    return int(first) > 12 or (language != "en" and int(second) <= 12)


@cache
def month_names(language: str) -> tuple[tuple[str, str], ...]:
    """The whole and the short word of each month; English ones for other languages than German."""
    several = map(listed, _grammar().months["de" if language == "de" else "en"])
    return tuple((whole, short) for whole, short, *_ in several)


@cache
def month_numbers(language: str) -> dict[str, int]:
    """All words for months in a language, in lower case, with their numbers; none in an unknown language."""
    months = _grammar().months.get(language, ())
    return {name.lower(): number for number, names in enumerate(months, 1) for name in listed(names)}


def month_of(word: str, language: str) -> tuple[int, bool] | None:
    """A month's number, and whether the word is short; words of other languages count where this one has none."""
    lower = word.lower()
    for spoken in (language, *_grammar().months):
        number = month_numbers(spoken).get(lower)
        if number is not None:
            whole, short = month_names(spoken)[number - 1]
            return number, lower != whole.lower() and (lower == short.lower() or len(lower) <= SHORT)
    return None


def fill_date_parts(pattern: str) -> str:
    """A pattern with its {{placeholders}} replaced by parts of the grammar; ConfigError for one that is not there."""

    def part(match: re.Match[str]) -> str:
        if match[1] not in _named_parts():
            raise ConfigError(f"expected a part of dates, one of {', '.join(_named_parts())}, got {match[1]}")
        return _named_parts()[match[1]]

    return PLACEHOLDER.sub(part, pattern)


@cache
def _named_parts() -> dict[str, str]:
    grammar = _grammar()
    names = {f"months_{language}": month_numbers(language) for language in grammar.months}
    every = {"months": [name for months in names.values() for name in months]}
    return grammar.parts | {key: f"(?:{any_of(words)})" for key, words in {**names, **every}.items()}


@cache
def _grammar() -> DateGrammar:
    return read_word_list(FOLDER / "dates.yaml", DateGrammar)


@cache
def _forms(language: str) -> tuple[re.Pattern[str], ...]:
    grammar = _grammar()
    in_words = (grammar.day_first, grammar.month_first)
    ordered = in_words[::-1] if language == "en" else in_words
    return tuple(re.compile(fill_date_parts(form)) for form in (*grammar.forms, *ordered))


@cache
def _whole() -> re.Pattern[str]:
    return re.compile(fill_date_parts(rf"(?<![\w./-])(?:{'|'.join(_grammar().whole)})(?![\w/-])"))


@cache
def _digits() -> re.Pattern[str]:
    return re.compile(fill_date_parts(_grammar().digits))


def _parts(groups: dict[str, str | None], language: str) -> tuple[int | None, int | None, int | None] | None:
    """Year, month and day as numbers; None when a word is no month or a number none of its part."""
    month, day, year = groups.get("m"), groups.get("d"), groups.get("y")
    if word := groups.get("w"):
        month_found = month_of(word, language)
        if month_found is None:
            return None
        month = str(month_found[0])
    if groups.get("a"):
        first, second = str(groups["a"]), str(groups["b"])
        day, month = (first, second) if is_day_first(first, second, language) else (second, first)
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31:
        return None
    return full_year(year) if year else None, int(month) if month else None, int(day) if day else None


def _calendar_day(match: re.Match[str]) -> date | None:
    if match["y3"]:
        first, second, year = (int(match[name]) for name in ("a3", "b3", "y3"))
        return _valid(year, second, first) or _valid(year, first, second)
    form = next(form for form in "1245" if match[f"y{form}"])
    month = match[f"m{form}"].rstrip(".")
    month_found = (int(month), False) if month.isdigit() else month_of(month, "en")
    return _valid(int(match[f"y{form}"]), month_found[0], int(match[f"d{form}"])) if month_found else None


def _valid(year: int, month: int, day: int) -> date | None:
    fits = FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    return date(year, month, day) if fits else None
