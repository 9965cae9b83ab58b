"""`curate review proxy`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, WorkspaceOption
from pipeline.commands.output import say


def proxy(
    write: Annotated[
        bool, typer.Option("--write", help="Only write nginx's configuration, and say how nginx is started with it.")
    ] = False,
    folder: WorkspaceOption = HERE,
) -> None:
    """Run nginx before Label Studio: annotators can ask what the editor needs, and nothing else."""
    from pipeline.steps.review.proxy import run_proxy, write_proxy
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    if write:
        say(write_proxy(workspace))
    else:
        run_proxy(workspace)
