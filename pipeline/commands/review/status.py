"""`curate review status`"""

from __future__ import annotations

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say


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
    print_counts("Review", found | ({"not ours": len(lines)} if lines else {}), what="found")
    for line in lines:
        say(f"not ours: {line}")
