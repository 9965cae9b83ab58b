"""`curate export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, SetOption, WorkspaceOption, refuse_beside
from pipeline.commands.output import print_counts, print_json, print_table, say


def export(
    format: Annotated[str | None, typer.Argument(metavar="FORMAT", help="One of `curate export --list`.")] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="PATH", help="The folder to write.")] = None,
    curated: SetOption = None,
    layer: Annotated[
        str | None,
        typer.Option("--layer", metavar="NAME", help="A layer of the workspace in place of a set; marked unreviewed."),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option("--layers", metavar="NAME", help="Another layer to write beside. May be given again."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Count what the format has no place for, and write nothing.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="Show the formats.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write a curated set in a format that others read."""
    from curation.errors import UsageError
    from pipeline.steps.export import check as check_set
    from pipeline.steps.export import export as export_set
    from pipeline.steps.export import formats
    from pipeline.workspace import Workspace

    if listed:
        refuse_beside("--list", {"FORMAT": format, "--to": to, "--set": curated, "--layer": layer, "--layers": layers})
        _show_formats(formats(), as_json=as_json)
        return
    if format is None:
        raise UsageError(f"expected a format, got none; there are: {', '.join(formats())}")
    if check:
        refuse_beside("--check", {"--to": to, "--layers": layers})
    elif to is None:
        raise UsageError("expected the folder to write with --to, got none")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        if to is None:
            done = check_set(workspace, store, format, curated=curated, layer=layer)
        else:
            done = export_set(workspace, store, format, to, curated=curated, layer=layer, others=layers or ())
    if as_json:
        print_json({"format": format, **done.as_json()})
    elif to is None:
        if not done.lost:
            say(f"{format} holds all of {done.set} ({done.records} records)")
        print_counts(f"{format} has no place for", done.lost, what="number")
    else:
        say(f"written: {to} ({len(done.files)} files)")


def _show_formats(found: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"formats": dict(found)})
        return
    print_table("formats", ("format", "what it is"), list(found.items()))
