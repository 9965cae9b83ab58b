"""`curate export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, SetOption, WorkspaceOption
from pipeline.commands.output import print_json, say


def export(
    format: Annotated[str, typer.Argument(metavar="FORMAT", help="hf (a Hugging Face data set) or chat (JSONL).")],
    to: Annotated[Path, typer.Option("--to", metavar="PATH", help="The folder to write.")],
    curated: SetOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write a curated set in a format that others read."""
    from pipeline.steps.export import export as export_set
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        files = export_set(workspace, store, format, to, curated=curated)
    if as_json:
        print_json({"format": format, "files": [str(path) for path in files]})
    else:
        say(f"written: {to} ({len(files)} files)")
