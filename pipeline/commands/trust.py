"""`curate trust`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import JsonOption
from pipeline.commands.output import print_json, print_table, say


def trust(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHAT...]",
            help="Workspaces, folders, or addresses of servers such as https://host.",
            show_default="show what is allowed",
        ),
    ] = None,
    back: Annotated[bool, typer.Option("--take-back", help="Allow them no longer.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Allow once on this machine what workspaces name outside of themselves: a workspace, a folder, a server."""
    from curation.errors import UsageError
    from pipeline.steps.trust import allow, allowed_names, take_back

    if back and not words:
        raise UsageError("expected what to take back: a workspace, a folder or a server")
    for line in (take_back if back else allow)(words or ()):
        say(line)
    found = allowed_names()
    if as_json:
        print_json(found.as_json())
    elif not words:
        rows = [
            *(("workspace", noted.folder, ", ".join(noted.names)) for noted in found.workspaces),
            *(("folder", folder, "") for folder in found.folders),
            *(("host", host, "") for host in found.hosts),
        ]
        print_table("Allowed on this machine", ("", "what", "names outside of it"), rows) if rows else say(
            "nothing yet"
        )
