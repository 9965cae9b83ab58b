"""`curate review ...`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, say

app = typer.Typer(help="Review in Label Studio: start, push, pull, status.", no_args_is_help=True)

#: So many refusals are shown to a person; --json has them all.
SHOWN = 20


@app.command()
def install(workspace: WorkspaceOption = HERE) -> None:
    """Install Label Studio into a virtual environment of its own, once for all workspaces."""
    from annotation.review.environment import ensure_environment
    from pipeline.config import CONFIG_FILE, load_config

    say(f"Label Studio is in {ensure_environment(load_config(workspace / CONFIG_FILE).review, report=say)}")


@app.command()
def start(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Start this workspace's own Label Studio on 127.0.0.1, with user and token made."""
    from pipeline.reviewing import start_server
    from pipeline.workspace import Workspace

    server = start_server(Workspace.at(workspace))
    if as_json:
        print_json({**asdict(server), "token": "see label-studio/secrets.json", "log": str(server.log)})
    else:
        say(f"Label Studio: {server.url}")
        say(f"login: {server.login}, password: {server.password}")


@app.command()
def stop(workspace: WorkspaceOption = HERE) -> None:
    """Stop this workspace's own Label Studio; its data stays."""
    from annotation.review.server import stop as stop_server
    from pipeline.workspace import Workspace

    say("stopped" if stop_server(Workspace.at(workspace).folder) else "it was not running")


@app.command()
def push(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Send records with their pre-annotations to Label Studio; never twice."""
    from pipeline.reviewing import push_records
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        _show("Push", asdict(push_records(place, store)), as_json=as_json)


@app.command()
def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what is new.")] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Bring what people have said back as layers and decisions."""
    from pipeline.reviewing import pull_reviews
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        _show("Pull", asdict(pull_reviews(place, store, full=full)), as_json=as_json)


@app.command("add-annotator")
def add_annotator(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits, . _ -")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make an account for an annotator on this workspace's own Label Studio."""
    from annotation.review.annotators import add_annotator as make_account
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    account = make_account(place.folder, place.config.review, name)
    if as_json:
        print_json({"login": account.login, "password": account.password.get_secret_value()})
    else:
        say(f"login: {account.login}, password: {account.password.get_secret_value()}")


@app.command()
def status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show whether Label Studio runs, and how far the review is."""
    from annotation.review.status import review_status
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        found = review_status(store, place.folder, place.config.review)
    print_json(found) if as_json else print_counts("Review", found, what="found")


def _show(title: str, outcome: dict[str, object], *, as_json: bool) -> None:
    """Counts and refusals; some input refused is exit code 1."""
    refused: list[tuple[str, str]] = outcome["refused"]  # type: ignore[assignment]
    if as_json:
        print_json(outcome)  # type: ignore[arg-type]
    else:
        print_counts(title, {name: value for name, value in outcome.items() if isinstance(value, int)})
        for where, why in refused[:SHOWN]:
            say(f"{where}: {why}")
    if refused:
        raise typer.Exit(1)
