"""The work by day as a CSV file, for pay or for a thesis."""

from __future__ import annotations

import csv
from pathlib import Path

from annotation.progress.figures import AnnotatorProgress, WorkDay, WorkProgress
from curation.atomic_file import replaced
from curation.printable import printable

#: One row for each annotator, day and kind of work; the figures after the minutes are of all the annotator's work.
COLUMNS = (
    "annotator",
    "day",
    "work",
    "records",
    "edits",
    "entities",
    "minutes",
    "minutes_at_work",
    "records_per_hour",
    "entities_per_hour",
    "f1_strict",
    "f1_lenient",
)

#: What a spreadsheet takes for a formula.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(progress: WorkProgress, path: Path) -> None:
    """The file, in UTF-8 with a byte order mark, which spreadsheets need."""
    people = {person.name: person for person in progress.people}
    with replaced(path) as unfinished, unfinished.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(day, people[day.name]) for day in progress.days)


def _cell(name: str) -> str:
    """The name on one line, as text also where it begins like a formula."""
    shown = printable(name)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown


def _row(day: WorkDay, person: AnnotatorProgress) -> tuple[object, ...]:
    return (
        _cell(day.name),
        day.day.isoformat(),
        day.work.value,
        day.records,
        day.edits,
        day.entities,
        *(
            "" if value is None else round(value, 3)
            for value in (
                day.minutes,
                day.minutes_at_work,
                person.records_per_hour,
                person.entities_per_hour,
                person.strict.value,
                person.lenient.value,
            )
        ),
    )
