"""`curate review status`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say

if TYPE_CHECKING:
    from pydantic import JsonValue


def status(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show whether Label Studio runs, and how far the review is."""
    from pipeline.steps.review.status import review_status
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = review_status(workspace, store)
    if as_json:
        print_json(found)
        return
    foreign = found.pop("foreign", None)
    lines = foreign if isinstance(foreign, list) else []
    shown = {name: _shown(name, value) for name, value in found.items()}
    print_counts("Review", shown | ({"not ours": len(lines)} if lines else {}), what="found")
    for line in lines:
        say(f"not ours: {line}")


def _shown(name: str, value: JsonValue) -> object:
    """The value in words: yes and no, a list of counts, the number of a process without a separator."""
    if value is None or isinstance(value, bool):
        return "yes" if value else "no" if value is False else "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(key, each)}" for key, each in value.items()) or "none"
    return str(value) if name == "pid" else value
