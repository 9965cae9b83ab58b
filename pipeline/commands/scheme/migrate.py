"""`curate scheme migrate`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say


def migrate(
    new: Annotated[
        Path | None,
        typer.Argument(
            metavar="NEW",
            help="The new scheme file, which becomes the workspace's.",
            show_default="the workspace's own, changed in place",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="A category, a document label, or LABEL.VALUE; several old ones with one new one are merged. May be "
            "given several times.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="OLD", help="What new layers leave out. May be given several times."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; nothing is stored or written.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Carry all layers to another scheme as new layers by the same authors; the layers of before stay."""
    from pipeline.steps.scheme.migrate import migrate_scheme
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = migrate_scheme(workspace, store, new, renames=rename or (), drops=drop or (), dry_run=dry_run)
    if as_json:
        print_json(done.as_json())
        return
    counts = done.counts
    rows: list[tuple[object, ...]] = [("new layers", name, count) for name, count in sorted(counts.layers.items())]
    for what in ("renamed", "merged", "dropped"):
        rows += [(what, name, count) for name, count in sorted(getattr(counts, what).items())]
    if counts.relations_dropped:
        rows.append(("relations dropped", "", counts.relations_dropped))
    print_table("Would change" if dry_run else "Migration", ("what", "of", "count"), rows)
    if done.old_scheme and not dry_run:
        say(f"the scheme of before is kept in {done.old_scheme}")
    for kind, names in done.behind.items():
        say(f"{kind} of another scheme: {', '.join(names)}")
    if done.behind and not dry_run:
        say("next: curate annotate and curate validate, then freeze and train anew; name another review.project")
