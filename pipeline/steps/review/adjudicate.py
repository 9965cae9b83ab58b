"""Adjudication over a workspace: settle by vote, push disputes, pull decisions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import JsonValue

from annotation.label_studio.exchange.pull import Pulled
from annotation.label_studio.session import connect
from curation.author import CONSENSUS, GOLD
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.review.progress import counted_for_progress
from pipeline.steps.review.secure import told_foreign
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from annotation.adjudication.consensus import Settled
    from annotation.adjudication.exchange import ExchangeOutcome


def push_disputes(workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress) -> ExchangeOutcome:
    """Gold where reviewers agree, a task for the adjudicator where they do not."""
    from annotation.adjudication.exchange import push_disputes as push

    settings = workspace.config.review
    with (
        recorded(workspace, store, "review adjudicate push", project=settings.adjudication.project) as outcome,
        connect(workspace.folder, settings, gate_of(workspace, store, run=outcome.run)) as client,
        progress("push", None) as advance,
        counted_for_progress(workspace, store),
    ):
        told_foreign(workspace, store, client)
        pushed = push(store, client, workspace.scheme, settings, settings.adjudication, progress=advance)
        outcome |= exchange_counts(pushed)
    return pushed


def pull_decisions(workspace: Workspace, store: Store, *, full: bool = False) -> ExchangeOutcome:
    """What adjudicators have decided, as gold."""
    from annotation.adjudication.exchange import pull_decisions as pull

    settings = workspace.config.review
    with (
        recorded(
            workspace, store, "review adjudicate pull", project=settings.adjudication.project, full=full
        ) as outcome,
        connect(workspace.folder, settings) as client,
        counted_for_progress(workspace, store),
    ):
        foreign = told_foreign(workspace, store, client)
        pulled = pull(store, client, workspace.scheme, settings, settings.adjudication, full=full)
        if isinstance(pulled.exchanged, Pulled):
            pulled.exchanged.foreign = foreign
        outcome |= exchange_counts(pulled)
    return pulled


def settle(workspace: Workspace, store: Store) -> Settled:
    """Consensus, and gold where nothing is left to decide; no Label Studio is asked."""
    from annotation.adjudication.consensus import settle as settle_records

    with (
        recorded(workspace, store, "review adjudicate settle") as outcome,
        counted_for_progress(workspace, store),
    ):
        settled = settle_records(store, workspace.scheme, workspace.config.review.adjudication)
        outcome |= asdict(settled)
    return settled


def exchange_counts(exchanged: ExchangeOutcome) -> dict[str, JsonValue]:
    """What was settled and what was exchanged, side by side: the form that scripts and manifests rely on."""
    settled, moved = asdict(exchanged.settled), asdict(exchanged.exchanged)
    names = {"layers": "decided"}
    both = {f"new {name}": settled[name] for name in (CONSENSUS, GOLD)}
    rest = {names.get(name, name): value for name, value in moved.items() if name != "refused"}
    refused: list[JsonValue] = [list(pair) for pair in exchanged.refused]
    return {"states": settled["states"], **both, **rest, "refused": refused}
