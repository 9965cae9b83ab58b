"""`curate scheme new`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.output import say


def new(
    category: Annotated[
        list[str] | None,
        typer.Argument(metavar="CATEGORY", help="Names of categories, or NAME=DEFINITION.", show_default="none"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="NAME=VALUE,VALUE", help="A label of whole texts; may be given several times."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="The scheme's name.")] = "scheme",
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="Languages of the texts; may be given several times.", show_default="en"),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The file to write.", show_default="NAME.yaml")
    ] = None,
) -> None:
    """Write a commented scheme file for categories of entities, labels of whole texts, or both."""
    from pipeline.steps.scheme.new import new_scheme

    path = to or Path(f"{name}.yaml")
    made = new_scheme(
        path, name=name, categories=category or (), labels=label or (), languages=tuple(language or ("en",))
    )
    scheme = made.scheme
    say(f"written: {path} ({len(scheme.categories)} categories, {len(scheme.labels)} document labels)")
    say(f"next: write the definitions, then: curate scheme check {path}")
    say(f'a workspace uses it once its curate.toml says, under [curation]: scheme = "{path.name}"')
