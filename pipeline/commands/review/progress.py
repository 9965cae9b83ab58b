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
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show of each annotator what is done and left, the speed, the hours, and the agreement with the others."""
    from pipeline.steps.review.progress import review_progress
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        found = review_progress(place, store, csv=csv)
    if csv is not None:
        say(f"wrote {len(found.days)} days to {csv}")
    print_json(found.as_json()) if as_json else _show(found)


def _show(found: WorkProgress) -> None:
    print_table(f"{found.reviewed} of {found.records} records reviewed", HEAD, [_row(one) for one in found.people])


def _row(one: AnnotatorProgress) -> tuple[object, ...]:
    return (
        one.name,
        one.done,
        one.left,
        one.adjudicated,
        _figure(one.records_per_hour, 1),
        _figure(one.entities_per_hour, 0),
        _figure(one.hours, 2),
        _figure(one.hours_at_work, 2),
        one.days,
        _figure(one.strict.value, 3, one.strict.note),
        _figure(one.lenient.value, 3, one.lenient.note),
    )


def _figure(value: float | None, digits: int, note: str = "") -> str:
    return (note or "n/a") if value is None else f"{value:.{digits}f}"
