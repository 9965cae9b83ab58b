"""`curate init`"""

from __future__ import annotations

from pipeline.commands.options import HERE, WorkspaceOption
from pipeline.commands.output import say


def init(folder: WorkspaceOption = HERE) -> None:
    """Make a workspace: a commented curate.toml, the default scheme, an empty store."""
    from pipeline.steps.init import init_workspace

    made = init_workspace(folder)
    say(f"workspace ready in {made.folder.resolve()}: see curate.toml and {made.config.curation.scheme}")
