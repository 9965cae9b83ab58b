"""`curate scheme diff`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say


def diff(
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The new scheme file.")],
    old: Annotated[
        Path | None, typer.Option("--old", metavar="FILE", help="The old one.", show_default="the workspace's own")
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show what differs in another scheme, and how often the workspace's layers use what it lacks."""
    from pipeline.steps.scheme.diff import diff_schemes

    diffed = diff_schemes(folder, new, old)
    if as_json:
        print_json(diffed.as_json())
        return
    found = diffed.found
    rows: list[tuple[object, ...]] = [(name, "only in the old one", diffed.used[name]) for name in found.removed]
    rows += [(name, "only in the new one", diffed.used[name]) for name in found.added]
    rows += [(name, f"differs: {', '.join(keys)}", diffed.used[name]) for name, keys in found.changed.items()]
    if not rows:
        say("the two schemes say the same")
        return
    print_table("Differences", ("name", "what", "used in layers"), rows)
    if used := [name for name in found.removed if diffed.used[name]]:
        say(f"next: curate scheme migrate {new}, with --rename OLD=NEW or --drop OLD for: {', '.join(used)}")
