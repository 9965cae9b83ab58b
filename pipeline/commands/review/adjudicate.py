"""`curate review adjudicate settle|push|pull`"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_exchanged, say
from pipeline.commands.progress_bars import progress_bar

app = typer.Typer(help="Settle what reviewers of the same record disagree on.", no_args_is_help=True)


@app.command()
def settle(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Vote on every record with several reviews: consensus everywhere, gold where nothing is left to decide."""
    from pipeline.steps.review.adjudicate import settle as settle_records
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        _show("Settled", asdict(settle_records(workspace, store)), as_json=as_json)


@app.command()
def push(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Settle what can be settled, and send the rest to the adjudication project in Label Studio; never twice."""
    from pipeline.steps.review.adjudicate import exchange_counts, push_disputes
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        pushed = push_disputes(workspace, store, progress=progress_bar)
    _show("Push", exchange_counts(pushed), as_json=as_json)


@app.command()
def pull(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what is new.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Bring adjudicators' decisions back as gold, with who voted for what."""
    from pipeline.steps.review.adjudicate import exchange_counts, pull_decisions
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        pulled = pull_decisions(workspace, store, full=full)
    _show("Pull", exchange_counts(pulled), as_json=as_json)


def _show(title: str, outcome: dict[str, Any], *, as_json: bool) -> None:
    if not as_json:
        print_counts("Records with several reviews", outcome["states"])
    print_exchanged(title, outcome, as_json=as_json)
