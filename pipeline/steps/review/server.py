"""A workspace's own Label Studio: its environment, the server, and accounts on it."""

from __future__ import annotations

from pathlib import Path

from annotation.label_studio.server import server
from annotation.label_studio.server.annotators import add_annotator as make_account
from annotation.label_studio.server.credentials import Account
from annotation.label_studio.server.environment import ensure_environment
from annotation.label_studio.server.server import Server
from pipeline.config import CONFIG_FILE, Config
from pipeline.foreign import check_server_data
from pipeline.progress import Notify, not_notified
from pipeline.workspace import Workspace


def install_server(folder: Path, *, notify: Notify = not_notified) -> Path:
    """The virtual environment of Label Studio, installed once for all workspaces; the folder may hold none yet."""
    settings = Workspace.at(folder).config if (folder / CONFIG_FILE).is_file() else Config()
    return ensure_environment(settings.review, report=notify)


def start_server(workspace: Workspace, *, port: int | None = None) -> Server:
    """The workspace's own Label Studio, running; on that port where one is given."""
    _check_data(workspace)
    return server.start(workspace.folder, workspace.config.review, port=port, report=workspace.notify)


def running_server(workspace: Workspace) -> Server | None:
    """The workspace's own Label Studio if it runs."""
    return server.status(workspace.folder)


def stop_server(workspace: Workspace) -> bool:
    """Whether the workspace's own Label Studio ran and was stopped."""
    return server.stop(workspace.folder)


def add_annotator(workspace: Workspace, name: str) -> Account:
    """An account on the workspace's own Label Studio, the same one when asked again."""
    _check_data(workspace)
    return make_account(workspace.folder, workspace.config.review, name)


def _check_data(workspace: Workspace) -> None:
    if running_server(workspace) is None:
        check_server_data(workspace.folder)
