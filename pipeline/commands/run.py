"""`curate run`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json


def run(
    sample: Annotated[
        bool, typer.Option("--sample", help="Make the workspace if there is none, and walk the shipped sample.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Go the whole way, as the section [run] of curate.toml says; what is done already is not done again."""
    from pipeline.steps.run import Way, sample_workspace, walk
    from pipeline.workspace import Workspace

    place = sample_workspace(workspace) if sample else Workspace.at(workspace)
    with place.open_store() as store:
        way = Way(place, store)
        seconds = walk(way)
    if as_json:
        print_json({"ends": dict(way.ends), "seconds": dict(seconds), "scores": way.figures})
    else:
        # Lines, not a table: addresses are there to be clicked and copied whole.
        print("\n".join(f"{name}: {where}" for name, where in way.ends.items()))
