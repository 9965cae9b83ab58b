"""`curate review backend`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, WorkspaceOption
from pipeline.commands.output import say


def backend(
    annotator: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="rules, few-shot, llm:MODEL, adapter:PATH, or adapter for the newest.",
            show_default="review.backend.annotator",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port.", show_default="review.backend.port")
    ] = None,
    connect: Annotated[
        bool, typer.Option("--connect/--no-connect", help="Whether to make it known to the project in Label Studio.")
    ] = True,
    folder: WorkspaceOption = HERE,
) -> None:
    """Answer Label Studio while people work: pre-annotations, suggestions for selections, training."""
    from pipeline.steps.review.backend import run_backend
    from pipeline.workspace import Workspace

    run_backend(Workspace.at(folder, notify=say), annotator=annotator, port=port, connect=connect)
