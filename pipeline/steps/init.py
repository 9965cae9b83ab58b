"""A new workspace."""

from __future__ import annotations

from pathlib import Path

from pipeline.workspace import Workspace


def init_workspace(folder: Path) -> Workspace:
    """A workspace in the folder with a commented curate.toml, the default scheme and an empty store."""
    workspace = Workspace.make(folder)
    workspace.open_store().close()
    return workspace
