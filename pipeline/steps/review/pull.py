"""People's annotations and verdicts from Label Studio, into the store of a workspace."""

from __future__ import annotations

from dataclasses import asdict

from annotation.label_studio.exchange.pull import Pulled, pull
from annotation.label_studio.session import connect
from curation.store import Store
from pipeline.runs import recorded
from pipeline.steps.review.progress import counted_for_progress
from pipeline.steps.review.secure import told_foreign
from pipeline.workspace import Workspace


def pull_reviews(workspace: Workspace, store: Store, *, full: bool = False) -> Pulled:
    """People's annotations as layers, their verdicts as decisions; only what is new unless `full`."""
    settings = workspace.config.review
    with (
        recorded(workspace, store, "review pull", project=settings.project, full=full) as outcome,
        connect(workspace.folder, settings) as client,
        counted_for_progress(workspace, store),
    ):
        # Before the pull: it puts back the labels, and makes a project anew that was deleted.
        foreign = told_foreign(workspace, store, client)
        pulled = pull(store, client, workspace.scheme, settings, full=full)
        pulled.foreign = foreign
        outcome |= asdict(pulled)
    return pulled
