"""`curate review push`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_exchanged, say
from pipeline.commands.progress_bars import progress_bar


def push(
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Show this layer; given again, the layers stand side by side.",
            show_default="review.layers",
        ),
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Send validated records with their pre-annotations to Label Studio; never twice."""
    from pipeline.steps.review.push import push_records
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        pushed = push_records(workspace, store, layers=layer or None, progress=progress_bar)
        print_exchanged("Push", asdict(pushed), as_json=as_json)
