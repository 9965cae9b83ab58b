"""`curate review guidelines`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, say


def guidelines(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="PATH", help="The HTML file.", show_default="reports/guidelines-LANGUAGE.html"),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="Language of the page.", show_default="review.language")
    ] = None,
    examples: Annotated[
        int,
        typer.Option("--examples", min=0, help="Right and wrong examples of each category; 0 quotes no record."),
    ] = 5,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write the guidelines as one page: the scheme, with right and wrong examples from settled records."""
    from pipeline.steps.review.guidelines import write_guidelines
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        page = write_guidelines(workspace, store, to=to, language=language, examples=examples)
    if as_json:
        print_json({"file": str(page.path), "records": page.records, "adjudicated": page.adjudicated})
    else:
        say(f"wrote {page.path}, with examples from {page.records} settled records")
