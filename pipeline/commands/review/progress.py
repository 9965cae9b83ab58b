"""`curate review progress`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from annotation.progress.figures import AnnotatorProgress, WorkProgress

HEAD = (
    "annotator",
    "done",
    "left",
    "settled",
    "records/h",
    "entities/h",
    "hours",
    "at work",
    "days",
    "F1 strict",
    "F1 lenient",
)


def progress(
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="PATH", help="Write every day of every annotator to a CSV file.")
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show of each annotator what is done and left, the speed, the hours, and the agreement with the others."""
    from pipeline.steps.review.progress import review_progress
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = review_progress(workspace, store, csv=csv)
    if csv is not None:
        say(f"wrote {len(found.days)} days to {csv}")
    print_json(found.as_json()) if as_json else _show(found)


def _show(found: WorkProgress) -> None:
    print_table(
        f"{found.reviewed} of {found.records} records reviewed", HEAD, [_row(person) for person in found.people]
    )


def _row(person: AnnotatorProgress) -> tuple[object, ...]:
    return (
        person.name,
        person.done,
        person.left,
        person.adjudicated,
        _figure(person.records_per_hour, 1),
        _figure(person.entities_per_hour, 0),
        _figure(person.hours, 2),
        _figure(person.hours_at_work, 2),
        person.days,
        _figure(person.strict.value, 3, person.strict.note),
        _figure(person.lenient.value, 3, person.lenient.note),
    )


def _figure(value: float | None, digits: int, note: str = "") -> str:
    return (note or "n/a") if value is None else f"{value:.{digits}f}"
