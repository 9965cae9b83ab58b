"""What an import says to people, by `curate import` and `curate run` alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.output import SHOWN, say

if TYPE_CHECKING:
    from pipeline.steps.imports import ImportReport

#: So many places of one notice are shown to a person.
FEW = 5


def say_import(report: ImportReport, *, layer: str) -> None:
    """The layers that came in besides the one asked for, the notices and the problems, a line each."""
    from pipeline.steps.imports import grouped_notices

    if set(report.by_layer) - {layer}:
        say("layers: " + ", ".join(f"{name} ({count:,})" for name, count in sorted(report.by_layer.items())))
    notices = grouped_notices(report.notices)
    for what, where in list(notices.items())[:SHOWN]:
        more = f" and {len(where) - FEW:,} more; --json lists them" if len(where) > FEW else ""
        say(f"{what}: {', '.join(where[:FEW])}{more}")
    if len(notices) > SHOWN:
        say(f"... and {len(notices) - SHOWN:,} more notices; --json lists them")
    for problem in report.problems[:SHOWN]:
        say(f"{problem.where}: {problem.what}")
    if report.problems_in_all > SHOWN:
        say(f"... and {report.problems_in_all - SHOWN:,} more problems; --json lists them")
