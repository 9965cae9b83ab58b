"""`curate doctor`"""

from __future__ import annotations

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table


def doctor(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Check the machine and the workspace, and say what to do about what is missing."""
    from pipeline.steps.doctor import examine

    findings = examine(folder)
    if as_json:
        print_json({"findings": [finding.model_dump() for finding in findings]})
    else:
        rows = [tuple(finding.model_dump().values()) for finding in findings]
        print_table("Doctor", ("", "what", "found", "what to do"), rows)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
