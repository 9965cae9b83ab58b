"""`curate drift`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from validation.drift.compare import Drift


def drift(
    against: Annotated[str, typer.Option("--against", help="The curated set, NAME or NAME@VERSION.")],
    source: Annotated[str | None, typer.Option("--source", help="Only new records of this source.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Another curated set, not the new records.")] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Compare new records with a curated set: lengths, languages, categories, words, embeddings.

    Exit code 1 when they have drifted, 0 when they have not.
    """
    from pipeline.steps.drift import drift as compare
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = compare(workspace, store, against, source=source, batch=batch)
    if as_json:
        print_json(found.as_json())
    else:
        _print(found)
    if found.drifted:
        raise typer.Exit(1)


def _print(found: Drift) -> None:
    rows = [
        (
            feature.name,
            f"{feature.tested.test}, p {feature.corrected:.3g}",
            f"{feature.tested.effect} {feature.tested.size:.3f} ({feature.tested.magnitude})",
            feature.says,
        )
        for feature in found.features
    ]
    print_table("Drift", ("feature", "test", "size", "verdict"), rows)
    if found.not_measured:
        say(f"not measured, for a side has too little of it: {', '.join(found.not_measured)}")
    say(f"{found.after:,} new records against {found.before:,}: {'drifted' if found.drifted else 'no drift'}")
