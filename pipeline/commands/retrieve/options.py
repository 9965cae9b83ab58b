"""Options of the commands of `curate retrieve`, and the settings that they make."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from annotation.settings import ExamplesSettings
    from pipeline.workspace import Workspace


class Strategy(StrEnum):
    """How examples are chosen."""

    NEAREST = "nearest"
    DIVERSE = "diverse"
    FIXED = "fixed"


ExampleSetOption = Annotated[
    str | None,
    typer.Option(
        "--set",
        metavar="NAME",
        help="Curated set: NAME, NAME@VERSION or a hash.",
        show_default="annotation.llm.examples, or the newest",
    ),
]
NumberOption = Annotated[
    int | None,
    typer.Option("--number", min=1, max=50, help="Examples, at most.", show_default="annotation.examples.number"),
]
StrategyOption = Annotated[
    Strategy | None,
    typer.Option("--strategy", help="How they are chosen.", show_default="annotation.examples.strategy"),
]


def with_options(workspace: Workspace, **given: object) -> ExamplesSettings:
    """The settings of the workspace with what the command names. Raises UsageError where the two do not fit."""
    from pydantic import ValidationError

    from annotation.settings import ExamplesSettings
    from curation.errors import UsageError

    named = {name: str(value) if isinstance(value, StrEnum) else value for name, value in given.items()}
    changes = {name: value for name, value in named.items() if value is not None}
    try:
        return ExamplesSettings.model_validate(workspace.config.annotation.examples.model_dump() | changes)
    except ValidationError as error:
        raise UsageError(f"annotation.examples: {error.errors()[0]['msg']}") from error
