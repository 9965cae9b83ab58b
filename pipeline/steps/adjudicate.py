"""Adjudication, over a whole workspace."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from annotation.label_studio.session import connect
from curation.store import Store
from pipeline.progress import progress
from pipeline.runs import recorded
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from annotation.adjudication.exchange import Exchanged


def push_disputes(workspace: Workspace, store: Store) -> dict[str, Any]:
    """Gold where reviewers agree, a task for the adjudicator where they do not."""
    from annotation.adjudication.exchange import push_disputes as push

    settings = workspace.config.review
    with (
        recorded(workspace, store, "review adjudicate push", project=settings.adjudication.project) as outcome,
        connect(workspace.folder, settings) as client,
        progress("push", None) as advance,
    ):
        told = _told(push(store, client, workspace.scheme, settings, settings.adjudication, progress=advance))
        outcome |= told
    return told


def pull_decisions(workspace: Workspace, store: Store, *, full: bool = False) -> dict[str, Any]:
    """What adjudicators have decided, as gold."""
    from annotation.adjudication.exchange import pull_decisions as pull

    settings = workspace.config.review
    with (
        recorded(
            workspace, store, "review adjudicate pull", project=settings.adjudication.project, full=full
        ) as outcome,
        connect(workspace.folder, settings) as client,
    ):
        told = _told(pull(store, client, workspace.scheme, settings, settings.adjudication, full=full))
        outcome |= told
    return told


def settle(workspace: Workspace, store: Store) -> dict[str, Any]:
    """Consensus and gold where nobody has to decide; no Label Studio is asked."""
    from annotation.adjudication.consensus import settle as settle_records

    with recorded(workspace, store, "review adjudicate settle") as outcome:
        found = asdict(settle_records(store, workspace.scheme, workspace.config.review.adjudication))
        outcome |= found
    return found


def _told(exchanged: Exchanged) -> dict[str, Any]:
    """The counts of both halves side by side."""
    settled, moved = asdict(exchanged.settled), asdict(exchanged.exchanged)
    names = {"layers": "decided"}
    both = {f"new {name}": settled[name] for name in ("consensus", "gold")}
    rest = {names.get(name, name): value for name, value in moved.items() if name != "refused"}
    return {"states": dict(settled["states"]), **both, **rest, "refused": exchanged.refused}
