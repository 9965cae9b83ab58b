"""`curate deidentify`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say, say_standing
from pipeline.commands.progress_bars import progress_bar


def deidentify(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be replaced, by kind; nothing is stored.")
    ] = False,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kinds",
            metavar="KIND",
            help="What is replaced, such as NAME or DATE,PHONE. May be given several times.",
            show_default="validation.privacy.kinds",
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode", help="surrogate (the same identifier of a group by the same invented one) or mask ([NAME])."
        ),
    ] = "surrogate",
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Replace records that hold identifiers by new ones without, with all their layers."""
    from curation.deidentify.identifiers.identifier import IdentifierKind
    from curation.deidentify.surrogates import Mode
    from curation.errors import UsageError
    from pipeline.steps.deidentify import deidentify as deidentify_all
    from pipeline.workspace import Workspace
    from validation.standing import standings

    names = [name.strip().upper() for option in kinds or () for name in option.split(",") if name.strip()]
    try:
        chosen = [IdentifierKind(name) for name in names]
    except ValueError as error:
        raise UsageError(f"expected kinds of {', '.join(IdentifierKind)}, got {', '.join(names)}") from error
    if mode not in set(Mode):
        raise UsageError(f"expected a mode of {', '.join(Mode)}, got {mode!r}")
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        report = deidentify_all(workspace, store, kinds=chosen, mode=Mode(mode), dry_run=dry_run, progress=progress_bar)
        standing = standings(store)
    if as_json:
        print_json(report.as_json() | {"standing": dict(standing)})
        return
    print_counts("Identifiers", dict(sorted(report.identifiers.items())), what="places")
    say(f"{report.holding:,} of {report.records:,} records hold identifiers")
    if dry_run:
        return
    say(f"new records: {report.made:,} with {report.layers:,} layers; there already: {report.unchanged:,}")
    if report.superseded:
        say(f"set aside, made earlier with another key or other kinds: {report.superseded:,}")
    if report.pages or report.vectors:
        say(
            f"deleted, since they were made from originals too: {report.pages:,} pages of reports and Data Docs, "
            f"{report.vectors:,} vectors; the commands make them anew"
        )
    if report.batches:
        named = ", ".join(f"{name} ({count})" for name, count in report.batches.items())
        say(f"questions about originals lie in batches at a provider; what comes to them is not kept: {named}")
    if report.answers:
        say(f"forgotten, since they were about originals: {report.answers:,} answers of language models")
    if report.originals:
        say(f"originals still in the store: {report.originals:,}; `curate records erase-originals` deletes them")
    if report.made:
        say("originals are set aside; run `curate validate` and `curate freeze` for the new ones")
    say_standing(standing)
