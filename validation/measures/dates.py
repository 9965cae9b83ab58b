"""Dates: days that no calendar has, and a discharge before the admission."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from curation.record import Frozen
from curation.text.terms import any_of, listed
from validation.measures.known import read_known
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: Years in which a date of a report lies.
FIRST, LAST = 1880, 2100
#: How far before a date the word stands that says what happened on it.
REACH = 30


class Calendar(Frozen):
    """The file of months and events."""

    months: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as it is written (None: no calendar has it), and the place of its event in the order of a stay."""

    start: int
    day: date | None
    event: int | None


@cache
def _calendar() -> Calendar:
    return read_known("dates", Calendar)


@cache
def _months() -> dict[str, int]:
    return {name: place for place, names in enumerate(_calendar().months, start=1) for name in listed(names)}


@cache
def _pattern() -> re.Pattern[str]:
    month = rf"(?:{any_of(_months())})\.?"
    return re.compile(
        r"(?<![\w./-])(?:"
        r"(?P<y1>(?:18|19|20)\d\d)-(?P<m1>\d\d)-(?P<d1>\d\d)"
        r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>(?:18|19|20)\d\d)"
        r"|(?P<a3>\d{1,2})/(?P<b3>\d{1,2})/(?P<y3>(?:18|19|20)\d\d)"
        rf"|(?P<d4>\d{{1,2}})(?:st|nd|rd|th|\.)?\s(?:of\s)?(?P<m4>{month}),?\s(?P<y4>(?:18|19|20)\d\d)"
        rf"|(?P<m5>{month})\s(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y5>(?:18|19|20)\d\d)"
        r")(?![\w/-])"
    )


@cache
def _events() -> re.Pattern[str]:
    groups = [f"(?P<e{place}>{any_of(listed(names))})" for place, names in enumerate(_calendar().order)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)")


def dates(text: str) -> Iterator[Dated]:
    """The full dates of a text, English and German, from left to right."""
    folded = text.lower() if len(text.lower()) == len(text) else text
    before = 0
    for match in _pattern().finditer(folded):
        lead = folded[max(before, match.start() - REACH) : match.start()]
        events = [found.lastgroup for found in _events().finditer(lead)]
        event = int(events[-1][1:]) if events and events[-1] else None
        yield Dated(match.start(), _day(match), event)
        before = match.end()


def _day(match: re.Match[str]) -> date | None:
    if match["y3"]:
        first, second, year = (int(match[name]) for name in ("a3", "b3", "y3"))
        return _valid(year, second, first) or _valid(year, first, second)
    for form in "1245":
        if match[f"y{form}"]:
            month = match[f"m{form}"].rstrip(".")
            number = int(month) if month.isdigit() else _months()[month]
            return _valid(int(match[f"y{form}"]), number, int(match[f"d{form}"]))
    return None


def _valid(year: int, month: int, day: int) -> date | None:
    fits = FIRST <= year <= LAST and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    return date(year, month, day) if fits else None


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The dates of each text that cannot be; nothing is said of a text without full dates."""
    return [_row(subject.record.text) for subject in subjects]


def _row(text: str) -> Columns:
    found = list(dates(text))
    if not found:
        return DATES.nothing
    return {
        "dates_read": len(found),
        "dates_impossible": sum(one.day is None for one in found),
        "dates_out_of_order": _out_of_order(found),
    }


def _out_of_order(found: Sequence[Dated]) -> int:
    """Events that lie before the one that the text tells just before them, and that comes first in a stay."""
    told = [(one.event, one.day) for one in found if one.event is not None and one.day is not None]
    return sum(later < earlier for (first, earlier), (second, later) in pairwise(told) if first < second)


DATES = MeasureSpec(
    name="dates",
    version=1,
    measure=measure,
    columns={
        "dates_read": "full dates in the text",
        "dates_impossible": "dates that no calendar has",
        "dates_out_of_order": "events that lie before what comes first: a discharge before the admission",
    },
)
