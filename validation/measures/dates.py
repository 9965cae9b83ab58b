"""Dates: days that no calendar has, and a discharge before the admission."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from curation.decision import DecisionKind
from curation.text.dates import whole_dates
from curation.text.folding import lower_case
from curation.text.terms import any_of, listed
from validation.measures.columns import MeasureColumn
from validation.measures.knowledge import read_knowledge
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

#: How far before a date the word stands that says what happened on it.
REACH = 30


DATES_READ = MeasureColumn("dates_read", "full dates in the text")
DATES_IMPOSSIBLE = MeasureColumn("dates_impossible", "dates that no calendar has")
DATES_OUT_OF_ORDER = MeasureColumn(
    "dates_out_of_order", "events that lie before what comes first: a discharge before the admission"
)


@dataclass(frozen=True, slots=True)
class EventDate:
    """A date as it is written (None: no calendar has it), and the rank of its event in the order of a stay."""

    start: int
    day: date | None
    event: int | None


@cache
def _events() -> re.Pattern[str]:
    lines = read_knowledge("events", tuple[str, ...])
    groups = [f"(?P<e{rank}>{any_of(listed(names))})" for rank, names in enumerate(lines)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)")


def dates(text: str) -> Iterator[EventDate]:
    """The full dates of a text, English and German, from left to right."""
    folded = lower_case(text)
    before = 0
    for found in whole_dates(text):
        lead = folded[max(before, found.start - REACH) : found.start]
        events = [match.lastgroup for match in _events().finditer(lead)]
        event = int(events[-1][1:]) if events and events[-1] else None
        yield EventDate(found.start, found.day, event)
        before = found.end


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The dates of each text that cannot be; nothing is said of a text without full dates."""
    return [_row(subject.record.text) for subject in subjects]


def _row(text: str) -> Columns:
    found = list(dates(text))
    if not found:
        return DATES.nothing
    return {
        DATES_READ: len(found),
        DATES_IMPOSSIBLE: sum(event.day is None for event in found),
        DATES_OUT_OF_ORDER: _out_of_order(found),
    }


def _out_of_order(found: Sequence[EventDate]) -> int:
    """Events that lie before the one that the text tells just before them, and that comes first in a stay."""
    events = [(event.event, event.day) for event in found if event.event is not None and event.day is not None]
    return sum(later < earlier for (first, earlier), (second, later) in pairwise(events) if first < second)


DATES = MeasureSpec(
    name="dates",
    version=2,
    of=DecisionKind.TEXT,
    columns=(DATES_READ, DATES_IMPOSSIBLE, DATES_OUT_OF_ORDER),
    rules=(
        Rule("dates_possible", DATES_IMPOSSIBLE, "Every full date is one that a calendar has.", severity=Severity.SOFT),
        Rule(
            "dates_in_order",
            DATES_OUT_OF_ORDER,
            "Birth, admission, discharge and death follow one another.",
            severity=Severity.SOFT,
        ),
    ),
    measure=measure,
)
