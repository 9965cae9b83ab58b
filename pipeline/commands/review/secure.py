"""`curate review secure`"""

from __future__ import annotations

from dataclasses import asdict

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say


def secure(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Put back in Label Studio what is not as we made it: webhooks, back ends, storages, accounts, settings."""
    from pipeline.steps.review.secure import secure_review
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        secured = secure_review(workspace, store)
    if as_json:
        print_json(asdict(secured))
    else:
        print_counts("Put back", secured.put_back, what="of them")
        for line in secured.done:
            say(f"put back: {line}")
        for login in secured.closed:
            say(f"closed: nobody gets in as {login}; what this account has said stays")
        for line in secured.left:
            say(f"left: {line}")
        if not (secured.put_back or secured.left):
            say("everything is as we made it")
    if secured.left:
        raise typer.Exit(1)
