"""`curate doctor`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say


def doctor(
    brief: Annotated[bool, typer.Option("--brief", help="Only what is missing, and how much is good.")] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="Close what others on this machine may read in the workspace.")
    ] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Check the machine and the workspace, and say what to do about what is missing."""
    from pipeline.steps.doctor import close_to_others, examine

    if mend:
        say(f"closed to others: {len(close_to_others(folder)):,} files and folders")
    findings = examine(folder)
    if as_json:
        print_json({"findings": [finding.model_dump() for finding in findings]})
    else:
        good = sum(finding.state == "good" for finding in findings)
        rows = [tuple(finding.model_dump().values()) for finding in findings if not (brief and finding.state == "good")]
        if rows:
            print_table("Doctor", ("", "what", "found", "what to do"), rows)
        say(f"{good} of {len(findings)} checked parts are good")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
