"""`curate init`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, WorkspaceOption
from pipeline.commands.output import say


def init(
    new_folder: Annotated[
        Path | None, typer.Argument(metavar="[NAME]", help="The workspace folder.", show_default="--workspace")
    ] = None,
    folder: WorkspaceOption = HERE,
) -> None:
    """Make a workspace: a commented curate.toml, the default scheme, an empty store."""
    from curation.errors import UsageError
    from pipeline.steps.init import init_workspace

    if new_folder is not None and folder != HERE:
        raise UsageError(f"expected one folder, got {new_folder} and --workspace {folder}")
    made = init_workspace(new_folder or folder)
    say(f"workspace ready in {made.folder.resolve()}: see curate.toml and {made.config.curation.scheme}")
