"""`curate export`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, SetOption, WorkspaceOption, refuse_beside
from pipeline.commands.output import print_counts, print_json, print_table, say, show_text

if TYPE_CHECKING:
    from pipeline.steps.hub.push import HubPush


def _folder(path: str) -> Path:
    """The path; an empty one, which would be this folder, is none."""
    from curation.errors import UsageError

    if not path.strip():
        raise UsageError("expected the folder to write with --to, got nothing")
    return Path(path)


def export(
    format: Annotated[str | None, typer.Argument(metavar="FORMAT", help="One of `curate export --list`.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="PATH", parser=_folder, help="The folder to write.")
    ] = None,
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
    push: Annotated[
        str | None,
        typer.Option("--push", metavar="OWNER/NAME", help="A data set on a hub that the files of hf become (asks)."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="With --push: everybody may read it there (asks twice).")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --push: show what would be sent, and send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --push: do not ask.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write a curated set in a format that others read, or push it to a hub."""
    from curation.errors import UsageError
    from pipeline.steps.export import check as check_set
    from pipeline.steps.export import export as export_set
    from pipeline.steps.export import formats, stored_layer
    from pipeline.workspace import Workspace

    if listed:
        others = {"--check": check or None, "--push": push, "--public": public or None, "--dry-run": dry_run or None}
        named = {"FORMAT": format, "--to": to, "--set": curated, "--layer": layer, "--layers": layers}
        refuse_beside("--list", {**named, **others, "--yes": yes or None})
        _show_formats(formats(), as_json=as_json)
        return
    if format is None:
        raise UsageError(f"expected a format, got none; there are: {', '.join(formats())}")
    if push is None:
        pushing = {"--public": public or None, "--dry-run": dry_run or None, "--yes": yes or None}
        refuse_beside("an export that is not pushed (--push)", pushing)
    if check:
        refuse_beside("--check", {"--to": to, "--layers": layers, "--push": push})
    elif push is not None:
        if format != "hf":
            raise UsageError(f"expected the format hf with --push, got {format}")
    elif to is None:
        raise UsageError("expected the folder to write with --to, got none")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        layer = stored_layer(store, layer) if layer is not None else None
        layers = [stored_layer(store, name) for name in layers or ()]
        if push is not None:
            from pipeline.steps.hub.push import ready_push

            with ready_push(
                workspace, store, push, to=to, curated=curated, layer=layer, others=layers, public=public
            ) as ready:
                _push(ready, dry_run=dry_run, yes=yes, as_json=as_json)
            return
        if to is None:
            done = check_set(workspace, store, format, curated=curated, layer=layer)
        else:
            done = export_set(workspace, store, format, to, curated=curated, layer=layer, others=layers)
    if as_json:
        print_json({"format": format, **done.as_json()})
    elif to is None:
        if not done.lost:
            say(f"{format} holds all of {done.set} ({done.records} records)")
        print_counts(f"{format} has no place for", done.lost, what="number")
    else:
        say(f"written: {to} ({len(done.files)} files)")


def _push(ready: HubPush, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Shows what would go; sends it once a person agrees, or has agreed before."""
    from pipeline.steps.hub.push import send

    if dry_run:
        if as_json:
            print_json({"format": "hf", **ready.as_json()})
            return
        _show_push(ready)
        show_text(ready.card)
        say(f"nothing was sent; the same command without --dry-run pushes to {ready.place}")
        return
    if not yes:
        _ask(ready, as_json=as_json)
    done = send(ready)
    if as_json:
        print_json({"format": "hf", **done.as_json()})
        return
    state = "private" if done.private else "public"
    what = "there already, no new commit" if done.changes.none else f"{len(done.changes.sent)} files sent"
    say(f"pushed: {done.place} ({state}), revision {done.revision} ({what})")


def _show_push(ready: HubPush) -> None:
    """The address, the files, the licences, and what a search for identifiers has found."""
    print_table("Files", ("file", "bytes"), list(ready.files.items()))
    print_counts("Licences of the records", ready.licences)
    found = ready.with_identifiers
    searched = "were not searched for identifiers" if found is None else f"{found} of them hold identifiers"
    say(f"{ready.done.set}: {ready.done.records} records; {searched}")
    if ready.unreviewed:
        say("unreviewed: a layer that nobody has frozen")
    size = sum(ready.files.values())
    who = "everybody may read it" if ready.public else "private"
    say(f"to {ready.place} ({who}): {len(ready.files)} files, {size:,} bytes at most")


def _ask(ready: HubPush, *, as_json: bool) -> None:
    """Ends the command, unless a person agrees; twice where everybody may read it then."""
    from curation.errors import UsageError

    if as_json or not sys.stdin.isatty():
        raise UsageError(f"expected --yes to push to {ready.place} (or --dry-run); got neither, nothing was sent")
    _show_push(ready)
    questions = [f"Push {ready.done.records} records to {ready.place}?"]
    if ready.public:
        questions.append(f"EVERYBODY will be able to read these {ready.done.records} records, for good. Publish them?")
    for question in questions:
        if not typer.confirm(question, err=True):
            say("nothing was sent")
            raise typer.Exit(1)


def _show_formats(found: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"formats": dict(found)})
        return
    print_table("formats", ("format", "what it is"), list(found.items()))
