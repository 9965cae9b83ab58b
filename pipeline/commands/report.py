"""`curate report`"""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, say


def report(
    open_it: Annotated[bool, typer.Option("--open", help="Open the validation report in a browser.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show where the reports are: validation, agreement, Data Docs, evaluations."""
    from pipeline.steps.report import find_reports
    from pipeline.workspace import Workspace

    found = find_reports(Workspace.at(folder, notify=say))
    if as_json:
        print_json({name: str(path) for name, path in found.items()})
    for name, path in found.items() if not as_json else ():
        say(f"{name}: {path}")
    if open_it:
        webbrowser.open(next(iter(found.values())).as_uri())
