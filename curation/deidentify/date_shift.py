"""Dates moved by a number of days, each in the form in which it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from curation.text.dates import WrittenDate, is_day_first, last_day, month_names, month_of, read_date
from curation.text.folding import Span


def moved(written: str, days: int, *, language: str, around: date) -> list[tuple[Span, str]] | None:
    """The parts of a wording that change, with what they become; None when the form is not known.

    around: a day nearby, for what the wording leaves out: the year, or the month before the end of a span.
    """
    found = read_date(written, language)
    if found is None:
        return None
    try:
        old = found.near(around)
        new = old + timedelta(days=days)
        return [(found.match.span(group), text) for group, text in _written(found, old, new, around, language)]
    except (OverflowError, ValueError):
        return None


def _written(found: WrittenDate, old: date, new: date, around: date, language: str) -> Iterator[tuple[str, str]]:
    by = new - old
    groups = {name: value for name, value in found.match.groupdict().items() if value is not None}
    pad = _padded(
        [value for name, value in groups.items() if name in ("d", "m", "a", "b", "d1", "m1")],
        bool({"m", "a"} & groups.keys()),
    )
    day_first = is_day_first(groups["a"], groups["b"], language) if "a" in groups else True
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
            first = last_day(old.year, old.month, int(value)) + by
            yield name, pad(first.day) + ("" if first.month == new.month else f".{pad(first.month)}")
        elif name == "m1":
            first = last_day(old.year, int(value), 15) + by
            yield name, pad(first.month) + ("" if first.year == new.year else f"/{first.year}")
        elif name == "d" and found.month is None:
            # Only the end of the span of time names the month: where it is another one now, both must.
            yield (
                name,
                pad(new.day) + ("" if "o" in groups or (around + by).month == new.month else f".{pad(new.month)}"),
            )
        else:
            yield name, pad(values[name])


def _padded(numbers: list[str], numeric: bool) -> Callable[[int], str]:
    """How numbers are written here: with a nought before single figures where one has it, or where nothing tells."""
    if any(number.startswith("0") for number in numbers):
        return "{:02d}".format
    return str if not numeric or any(len(number) == 1 for number in numbers) else "{:02d}".format


def _month_word(written: str, month: int, language: str) -> str:
    month_found = month_of(written, language)
    name = month_names(language)[month - 1][bool(month_found and month_found[1])]
    return name.upper() if written.isupper() else name.lower() if written.islower() else name


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
