"""`curate review calibration`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.steps.review.calibration import CalibrationPage


def calibration(
    layer: Annotated[
        str | None,
        typer.Option("--layer", metavar="LAYER", help="The layer whose scores are measured.", show_default="all shown"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="LAYER", help="The reviewed layer.", show_default="consensus, or people's"),
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure how far scores are probabilities by what reviewers kept, and learn what Label Studio is to show."""
    from pipeline.steps.review.calibration import measure_calibration
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        pages = measure_calibration(workspace, store, layer=layer, against=against)
    if as_json:
        print_json({"layers": [page.as_json() for page in pages]})
        return
    if not pages:
        say("no layer of a model is there to be measured; annotate first")
    for page in pages:
        _show(page)


def _show(page: CalibrationPage) -> None:
    from annotation.queue.calibration_report import shown

    found = page.found
    if not found.reports:
        say(f"{found.layer}: not measured, none of its records has a review")
    for report in found.reports:
        rows = [
            (name, shown(part.ece_equal_mass), shown(part.ece_equal_width), shown(part.brier))
            for name, part in (("as they are", report.before), ("calibrated", report.after))
            if part is not None
        ]
        if report.before is not None:
            print_table(
                f"{report.scored_by}: {report.entities} entities of {report.records} reviewed records",
                (
                    "scores",
                    f"ECE, {report.before.bins_equal_mass} bins of equal mass",
                    f"ECE, {report.before.bins_equal_width} bins of equal width",
                    "Brier",
                ),
                rows,
            )
        say(f"{report.scored_by}: {report.calibration.words}")
        if report.not_measured is not None:
            say(f"{report.scored_by}: not measured {report.not_measured}")
    say(f"report: {page.page}")
