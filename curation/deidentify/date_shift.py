"""Dates moved by a number of days, each in the form in which it was written."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

Span = tuple[int, int]

#: Month words by language: whole, then short.
MONTHS = {
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
        "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez".split(),
    ),
    "en": (
        "January February March April May June July August September October November December".split(),
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    ),
}
#: Other spellings, the month's number, and whether they are short.
OTHERS = {"jänner": (1, False), "feber": (2, False), "sept": (9, True)}
#: The forms: d day, m month, w month in words, y year; a and b day and month or the other way round; d1 and m1
#: begin a span of time. The first that fits counts.
LAYOUTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
        r"(?:(?P<d1>\d{1,2})\.?[ ]?(?:und|u\.|and|\+|[–-])[ ]?)?"
        r"(?P<d>\d{1,2})[. ][ ]?(?P<m>\d{1,2})(?:[.,][ ]?|[ ])(?P<y>\d{4}|\d{2})",
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4}|\d{2})",
        r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})",
        r"(?:(?P<m1>\d{1,2})[ ]?[–-][ ]?)?(?P<m>\d{1,2})[ ]?/[ ]?(?P<y>\d{4}|\d{2})",
        r"(?P<d>\d{1,2})\.[ ]?(?P<m>\d{1,2})\.",
        r"(?P<d>\d{1,2})\.",
        r"(?P<y>\d{4})",
    )
)
#: With the month in words; which is tried first depends: "March 12" is a day, "März 12" a year.
DAY_FIRST = re.compile(
    r"(?:(?P<d>\d{1,2})(?P<o>st|nd|rd|th)?\.?(?:[ ]of)?[ -]?)?"
    r"(?P<w>[^\W\d_]+)\.?(?:['’]|,)?(?:\s|-)?(?:of[ ])?(?P<y>\d{4}|\d{2})?"
)
MONTH_FIRST = re.compile(r"(?P<w>[^\W\d_]+)\.?[ ](?:the[ ])?(?P<d>\d{1,2})(?P<o>st|nd|rd|th)?(?:,?[ ](?P<y>\d{4}))?")
#: Two figures up to this one are of this century.
CENTURY = 40


@dataclass(frozen=True, slots=True)
class Told:
    """What a wording says of a day: the parts that it names, each with its place."""

    year: int | None
    month: int | None
    day: int | None
    match: re.Match[str]

    @property
    def whole(self) -> date | None:
        """The day, when all of it is named."""
        return _day(self.year, self.month, self.day) if self.year and self.month and self.day else None

    def near(self, around: date) -> date:
        """The day, with what is not named taken from another one, or from the middle of the month or year."""
        if self.day and not self.month:
            # The end of a span of time names the month for its beginning: "28. to 3.5." begins in April.
            last = around if self.day <= around.day else around.replace(day=1) - timedelta(days=1)
            return _day(last.year, last.month, self.day)
        month, day = self.month or 7, self.day or (15 if self.month else 1)
        if self.year:
            return _day(self.year, month, day)
        return min((_day(around.year + more, month, day) for more in (0, 1, -1)), key=lambda one: abs(one - around))


def told(said: str, language: str) -> Told | None:
    """What a wording says of a day, if its form is known."""
    in_words = (MONTH_FIRST, DAY_FIRST) if language == "en" else (DAY_FIRST, MONTH_FIRST)
    for layout in (*LAYOUTS, *in_words):
        match = layout.fullmatch(said.rstrip())
        if match and (parts := _parts(match.groupdict(), language)):
            return Told(*parts, match)
    return None


def moved(said: str, days: int, *, language: str, around: date) -> list[tuple[Span, str]] | None:
    """The parts of a wording that change, with what they become; None when the form is not known.

    around: a day nearby, for what the wording leaves out: the year, or the month before the end of a span.
    """
    found = told(said, language)
    if found is None:
        return None
    try:
        old = found.near(around)
        new = old + timedelta(days=days)
        return [(found.match.span(group), text) for group, text in _written(found, old, new, around, language)]
    except (OverflowError, ValueError):
        return None


def _written(found: Told, old: date, new: date, around: date, language: str) -> Iterator[tuple[str, str]]:
    by = new - old
    groups = {name: value for name, value in found.match.groupdict().items() if value is not None}
    pad = _padded(
        [value for name, value in groups.items() if name in ("d", "m", "a", "b", "d1", "m1")],
        bool({"m", "a"} & groups.keys()),
    )
    day_first = _day_first(groups, language) if "a" in groups else True
    values = {"d": new.day, "m": new.month, "a": new.day if day_first else new.month}
    values["b"] = new.month if day_first else new.day
    for name, value in groups.items():
        if name == "y":
            yield name, str(new.year) if len(value) == 4 else f"{new.year % 100:02d}"
        elif name == "w":
            yield name, _month_word(value, new.month, language)
        elif name == "o":
            yield name, _ordinal(new.day)
        elif name == "d1":
            first = _day(old.year, old.month, int(value)) + by
            yield name, pad(first.day) + ("" if first.month == new.month else f".{pad(first.month)}")
        elif name == "m1":
            first = _day(old.year, int(value), 15) + by
            yield name, pad(first.month) + ("" if first.year == new.year else f"/{first.year}")
        elif name == "d" and found.month is None:
            # Only the end of the span of time names the month: where it is another one now, both must.
            yield name, pad(new.day) + ("" if (around + by).month == new.month else f".{pad(new.month)}")
        else:
            yield name, pad(values[name])


def _parts(groups: dict[str, str | None], language: str) -> tuple[int | None, int | None, int | None] | None:
    """Year, month and day as numbers; None when a word is no month or a number none of its part."""
    month, day = groups.get("m"), groups.get("d")
    if word := groups.get("w"):
        known = _month(word, language)
        if known is None:
            return None
        month = str(known[0])
    if groups.get("a"):
        first, second = str(groups["a"]), str(groups["b"])
        day, month = (first, second) if _day_first({"a": first, "b": second}, language) else (second, first)
    if not 1 <= int(month or 1) <= 12 or not 1 <= int(day or 1) <= 31:
        return None
    return _year(groups.get("y")), int(month) if month else None, int(day) if day else None


def _day_first(groups: dict[str, str], language: str) -> bool:
    """Whether 3/4/2020 begins with the day: where only one reading is a date that one, else as the language does."""
    if int(groups["a"]) > 12:
        return True
    return language != "en" and int(groups["b"]) <= 12


def _year(said: str | None) -> int | None:
    if said is None:
        return None
    number = int(said)
    return number if len(said) == 4 else number + (2000 if number <= CENTURY else 1900)


def _day(year: int, month: int, day: int) -> date:
    """The day, or the last one of a month that has no such day."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _padded(numbers: list[str], numeric: bool) -> Callable[[int], str]:
    """How numbers are written here: with a nought before single figures where one has it, or where nothing tells."""
    if any(number.startswith("0") for number in numbers):
        return "{:02d}".format
    return str if not numeric or any(len(number) == 1 for number in numbers) else "{:02d}".format


def _month(word: str, language: str) -> tuple[int, bool] | None:
    """A month's number, and whether the word is short."""
    said = word.lower()
    if said in OTHERS:
        return OTHERS[said]
    for spoken in (language, *MONTHS):
        for short, names in enumerate(MONTHS.get(spoken, ())):
            for number, name in enumerate(names, 1):
                if name.lower() == said:
                    return number, bool(short)
    return None


def _month_word(said: str, month: int, language: str) -> str:
    known = _month(said, language)
    name = MONTHS["de" if language == "de" else "en"][bool(known and known[1])][month - 1]
    return name.upper() if said.isupper() else name.lower() if said.islower() else name


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
