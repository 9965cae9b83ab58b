"""Review in Label Studio, over a whole workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from annotation.review.pull import Pulled, pull
from annotation.review.push import Pushed, push
from annotation.review.server import Server, start
from annotation.review.session import connect
from curation.store import Store
from pipeline.commands.output import say
from pipeline.progress import progress
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def start_server(workspace: Workspace) -> Server:
    """The workspace's own Label Studio, running."""
    return start(workspace.folder, workspace.config.review, report=say)


def push_records(workspace: Workspace, store: Store, *, ids: Sequence[str] | None = None) -> Pushed:
    """Records that wait for review, with their pre-annotations, in Label Studio; never twice; ids in their order."""
    settings = workspace.config.review
    with (
        recorded(workspace, store, "review push", project=settings.project) as outcome,
        connect(workspace.folder, settings) as client,
        progress("push", None) as advance,
    ):
        pushed = push(store, client, workspace.scheme, settings, ids=ids, progress=advance)
        outcome |= asdict(pushed)
    return pushed


def pull_reviews(workspace: Workspace, store: Store, *, full: bool = False) -> Pulled:
    """What people have said in Label Studio, as layers and decisions."""
    settings = workspace.config.review
    with (
        recorded(workspace, store, "review pull", project=settings.project, full=full) as outcome,
        connect(workspace.folder, settings) as client,
    ):
        pulled = pull(store, client, workspace.scheme, settings, full=full)
        outcome |= asdict(pulled)
    return pulled
