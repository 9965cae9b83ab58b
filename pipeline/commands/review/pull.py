"""`curate review pull`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_exchanged, say


def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what is new.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Bring people's annotations and verdicts back as layers and decisions."""
    from pipeline.steps.review.pull import pull_reviews
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        print_exchanged("Pull", asdict(pull_reviews(workspace, store, full=full)), as_json=as_json)
