"""A new workspace."""

from __future__ import annotations

from pathlib import Path

from curation.path_name import path_name
from pipeline.workspace import Workspace


def init_workspace(folder: Path) -> Workspace:
    """A workspace in the folder with a commented curate.toml, the default scheme and an empty store."""
    if not folder.exists():
        path_name(folder.name, "a workspace")
    workspace = Workspace.make(folder)
    workspace.open_store().close()
    return workspace
