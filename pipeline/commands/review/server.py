"""`curate review install|start|stop|add-annotator`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, PortOption, WorkspaceOption
from pipeline.commands.output import print_json, say

#: What `--json` prints instead of a secret.
SECRETS = "see label-studio/secrets.json"


def install(folder: WorkspaceOption = HERE) -> None:
    """Install Label Studio into a virtual environment of its own, once for all workspaces."""
    from pipeline.steps.review.server import install_server

    say(f"Label Studio is in {install_server(folder, notify=say)}")


def start(port: PortOption = None, folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Start this workspace's own Label Studio on 127.0.0.1, with user and token made."""
    from pipeline.steps.review.server import start_server
    from pipeline.workspace import Workspace

    server = start_server(Workspace.at(folder, notify=say), port=port)
    if as_json:
        shown = {name: value for name, value in asdict(server).items() if name not in ("password", "service")}
        print_json({**shown, "token": SECRETS, "log": str(server.log)})
    else:
        say(f"Label Studio: {server.url}")
        say(f"login: {server.login}, password: {server.password}")


def stop(folder: WorkspaceOption = HERE) -> None:
    """Stop this workspace's own Label Studio; its data stays."""
    from pipeline.steps.review.server import stop_server
    from pipeline.workspace import Workspace

    say("stopped" if stop_server(Workspace.at(folder, notify=say)) else "it was not running")


def add_annotator(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits, . _ -")],
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make an account for an annotator on this workspace's own Label Studio."""
    from pipeline.steps.review.server import add_annotator as make_account
    from pipeline.workspace import Workspace

    account = make_account(Workspace.at(folder, notify=say), name)
    if as_json:
        print_json({"login": account.login, "token": SECRETS})
    else:
        say(f"login: {account.login}, password: {account.password.get_secret_value()}")
