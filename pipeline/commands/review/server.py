"""`curate review install|start|stop|status|add-annotator`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say


def install(workspace: WorkspaceOption = HERE) -> None:
    """Install Label Studio into a virtual environment of its own, once for all workspaces."""
    from annotation.label_studio.server.environment import ensure_environment
    from pipeline.config import CONFIG_FILE, load_config

    say(f"Label Studio is in {ensure_environment(load_config(workspace / CONFIG_FILE).review, report=say)}")


def start(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Start this workspace's own Label Studio on 127.0.0.1, with user and token made."""
    from pipeline.steps.review import start_server
    from pipeline.workspace import Workspace

    server = start_server(Workspace.at(workspace))
    if as_json:
        print_json({**asdict(server), "token": "see label-studio/secrets.json", "log": str(server.log)})
    else:
        say(f"Label Studio: {server.url}")
        say(f"login: {server.login}, password: {server.password}")


def stop(workspace: WorkspaceOption = HERE) -> None:
    """Stop this workspace's own Label Studio; its data stays."""
    from annotation.label_studio.server.server import stop as stop_server
    from pipeline.workspace import Workspace

    say("stopped" if stop_server(Workspace.at(workspace).folder) else "it was not running")


def add_annotator(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits, . _ -")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make an account for an annotator on this workspace's own Label Studio."""
    from annotation.label_studio.server.annotators import add_annotator as make_account
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    account = make_account(place.folder, place.config.review, name)
    if as_json:
        print_json({"login": account.login, "password": account.password.get_secret_value()})
    else:
        say(f"login: {account.login}, password: {account.password.get_secret_value()}")


def status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show whether Label Studio runs, and how far the review is."""
    from annotation.label_studio.status import review_status
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        found = review_status(store, place.folder, place.config.review)
    print_json(found) if as_json else print_counts("Review", found, what="found")
