"""`curate retrieve serve`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, WorkspaceOption
from pipeline.commands.output import say
from pipeline.commands.retrieve.options import ExampleSetOption, NumberOption, StrategyOption, with_options


def serve(
    curated: ExampleSetOption = None,
    number: NumberOption = None,
    strategy: StrategyOption = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on.", show_default="annotation.examples.host"),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port.", show_default="annotation.examples.port")
    ] = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
) -> None:
    """Answer `POST /retrieve` with examples for a text or a record, until it is ended."""
    from pipeline.steps.retrieve.serve import serve as serve_all
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    settings = with_options(workspace, number=number, strategy=strategy, host=host, port=port)
    serve_all(workspace, curated=curated, settings=settings)
