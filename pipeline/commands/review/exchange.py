"""`curate review push|pull`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say

#: So many refusals are shown to a person; --json has them all.
SHOWN = 20


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
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Send validated records with their pre-annotations to Label Studio; never twice."""
    from pipeline.steps.review import push_records
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        show("Push", asdict(push_records(place, store, layers=layer or None)), as_json=as_json)


def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what is new.")] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Bring what people have said back as layers and decisions."""
    from pipeline.steps.review import pull_reviews
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        show("Pull", asdict(pull_reviews(place, store, full=full)), as_json=as_json)


def show(title: str, outcome: dict[str, object], *, as_json: bool) -> None:
    """Counts and refusals; some input refused is exit code 1."""
    if outcome.get("waiting"):
        say(f"{outcome['waiting']} records wait for validation (`curate validate`) and were not sent")
    refused: list[tuple[str, str]] = outcome["refused"]  # type: ignore[assignment]
    if as_json:
        print_json(outcome)  # type: ignore[arg-type]
    else:
        print_counts(title, {name: value for name, value in outcome.items() if isinstance(value, int)})
        for where, why in refused[:SHOWN]:
            say(f"{where}: {why}")
    if refused:
        raise typer.Exit(1)
