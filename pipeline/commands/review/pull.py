"""`curate review pull`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_exchanged


def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what is new.")] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Bring what people have said back as layers and decisions."""
    from pipeline.steps.review.pull import pull_reviews
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        print_exchanged("Pull", asdict(pull_reviews(place, store, full=full)), as_json=as_json)
