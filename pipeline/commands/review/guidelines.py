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
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write the guidelines as one page: the scheme, with right and wrong examples from settled records."""
    from annotation.adjudication.consensus import standings
    from annotation.guidelines.page import guidelines as make_page
    from annotation.guidelines.settled_examples import Lessons
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    review = place.config.review
    spoken = language or review.language
    with place.open_store() as store:
        found = Lessons(standings(store, review.adjudication), language=spoken, examples=examples)
    path = to or place.place("reports") / f"guidelines-{spoken}.html"
    path.write_text(make_page(place.scheme, found, language=spoken), encoding="utf-8")
    if as_json:
        print_json({"file": str(path), "records": found.records, "adjudicated": found.adjudicated})
    else:
        say(f"wrote {path}, with examples from {found.records} settled records")
