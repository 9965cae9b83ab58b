"""`curate leakage`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, SetOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

#: So many leaks are shown to a person; --json has them all.
SHOWN = 20


def leakage(
    name: SetOption = None,
    test: Annotated[
        str | None,
        typer.Option("--test", metavar="NAME", help="Another curated set that should be new to this one."),
    ] = None,
    test_source: Annotated[
        str | None,
        typer.Option("--test-source", metavar="SOURCE", help="Imported records that should be new to this set."),
    ] = None,
    passages: Annotated[
        float | None,
        typer.Option(help="Share of a text's runs of eight words from which it has leaked.", show_default="0.5"),
    ] = None,
    semantic: Annotated[
        bool,
        typer.Option("--semantic", help="Also look for cases told in other words, by embeddings of all sentences."),
    ] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Tell whether held-out records were seen: validation and test of a set, or an external test set.

    Exit code 1 when something leaked, 0 when nothing did.
    """
    from pipeline.steps.leakage import leakage as find
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = find(workspace, store, name, test=test, test_source=test_source, passages=passages, semantic=semantic)
    if as_json:
        print_json({question: leaked.as_json() for question, leaked in found.items()})
    else:
        for question, leaked in found.items():
            if not leaked.held:
                say(f"{question}: not measured, nothing is held out there")
                continue
            title = f"{question}: {len(leaked.leaked)} of {leaked.held} leaked"
            print_table(title, ("way", "records"), list(leaked.ways.items()))
            if leaked.short:
                say(f"{leaked.short} of them have fewer words than a run: not looked for in passages")
            for leak in leaked.leaks[:SHOWN]:
                say(f"{leak.record} by {leak.other}: {leak.way.value}, {leak.share:.3f}")
            if len(leaked.leaks) > SHOWN:
                say(f"... and {len(leaked.leaks) - SHOWN:,} more; --json lists them")
        if not semantic:
            say("cases told in other words were not looked for: --semantic does")
    if any(leaked.leaks for leaked in found.values()):
        raise typer.Exit(1)
