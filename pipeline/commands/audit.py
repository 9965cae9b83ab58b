"""`curate audit`"""

from __future__ import annotations

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

HEAD = ("run", "when (UTC)", "to", "policy", "texts", "characters", "with identifiers", "refused")


def audit(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show what has left this machine, where to, under which privacy policy, and which records were deleted by whom."""
    from pipeline.steps.audit import audit_lines
    from pipeline.workspace import Workspace

    lines, deletions = audit_lines(Workspace.at(folder, notify=say))
    if as_json:
        print_json(
            {
                "egress": [line.model_dump(mode="json") for line in lines],
                "deletions": [line.model_dump(mode="json") for line in deletions],
            }
        )
        return
    if deletions:
        deleted = [(line.time[:16].replace("T", " "), line.record_id, line.by, line.reason) for line in deletions]
        print_table(f"Deleted records ({len(deleted)})", ("when (UTC)", "record", "by", "reason"), deleted)
    if not lines:
        say("nothing has left this machine through this workspace")
        return
    rows = [
        (
            "-" if line.run is None else line.run,
            line.time[:16].replace("T", " "),
            f"{line.destination} {line.address}",
            line.policy,
            line.texts,
            line.characters,
            "not looked for" if line.with_identifiers is None else line.with_identifiers,
            line.refused,
        )
        for line in lines
    ]
    print_table(f"What left this machine ({len(rows)} lines)", HEAD, rows)
