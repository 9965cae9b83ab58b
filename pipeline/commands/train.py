"""`curate train`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, JsonOption, SetOption, WorkspaceOption
from pipeline.commands.output import print_json, say
from pipeline.commands.progress_bars import progress_bar


def train(
    name: Annotated[str, typer.Option("--name", help="The adapter's name.")] = "adapter",
    curated: SetOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train a LoRA adapter on a curated set; it can annotate at once."""
    from pipeline.steps.train import train as train_adapter
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        trained = train_adapter(workspace, store, name=name, curated=curated, progress=progress_bar)
    if as_json:
        print_json({"folder": str(trained.folder), "manifest": trained.manifest.model_dump(mode="json")})
    else:
        say(f"adapter: {trained.folder} ({trained.manifest.seconds:.0f} s)")
