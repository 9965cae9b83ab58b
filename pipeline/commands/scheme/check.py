"""`curate scheme check`"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from curation.scheme import Scheme
    from pipeline.steps.scheme.check import AnnotatorService


def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A scheme file.", show_default="the workspace's own")
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show what a scheme file says, what was filled in, what annotators can give of it, and what to mend."""
    from pipeline.steps.scheme.check import check_scheme

    found = check_scheme(folder, path)
    if as_json:
        print_json(found.as_json())
        return
    scheme, filled = found.file.scheme, found.file.filled
    language = scheme.languages[0]
    if scheme.categories:
        print_table(
            f"Categories of {scheme.name} {scheme.version}",
            ("name", "label", "key", "colour", "filled in", "definition"),
            [
                (
                    category.name,
                    category.label.get(language, ""),
                    category.hotkey or "",
                    category.colour,
                    ", ".join(filled.get(category.name, ())),
                    category.definition.get(language, ""),
                )
                for category in scheme.categories
            ],
        )
        if keyless := sum(category.hotkey is None for category in scheme.categories):
            say(f"{keyless} categories have no key, since there are more than keys: people choose them with the mouse")
    if scheme.labels:
        rows = [(label.name, ", ".join(label.values), label.definition.get(language, "")) for label in scheme.labels]
        print_table(f"Document labels of {scheme.name} {scheme.version}", ("name", "values", "definition"), rows)
    print_table("Annotators", ("annotator", "can give"), list(_services(found.services, scheme)))
    for problem in found.problems:
        say(problem)
    say(f"{found.path}: a scheme, {len(found.problems)} things to mend")


def _services(services: tuple[AnnotatorService, ...], scheme: Scheme) -> Iterator[tuple[str, str]]:
    for service in services:
        yield service.name, service.problem or "; ".join(_given(service, scheme))


def _given(service: AnnotatorService, scheme: Scheme) -> Iterator[str]:
    """What an annotator gives in each language, in words."""
    for language, lacking in service.lacking.items():
        given = len(scheme.flat_keys) - len(lacking)
        names = f" (not {', '.join(lacking)})" if lacking and given else ""
        yield f"{language}: {given} of {len(scheme.flat_keys)}{names}"
