"""What is in a workspace's Label Studio that is not ours, and everything put back as we made it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from annotation.adjudication.project import adjudication_config
from annotation.label_studio.api.client import Client
from annotation.label_studio.api.errors import AnswerError
from annotation.label_studio.exchange.project import ProjectConfig, project_config
from annotation.label_studio.guard import secure as guard
from annotation.label_studio.guard.foreign_entries import foreign_entries
from annotation.label_studio.guard.foreign_entry import ForeignEntry
from annotation.label_studio.guard.secure import Secured
from curation.store import Store
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def secure_review(workspace: Workspace, store: Store) -> Secured:
    """What was put back in Label Studio, and what is left for a person to do."""
    settings = workspace.config.review

    def look(client: Client) -> Iterable[ForeignEntry]:
        return foreign_in(workspace, store, client)

    with recorded(workspace, store, "review secure") as outcome:
        secured = guard.secure(workspace.folder, settings, look, titles=list(_configs(workspace)))
        outcome |= {name: value for name, value in asdict(secured).items() if name in ("put_back", "closed")}
        outcome["left"] = len(secured.left)
    return secured


def foreign_in(workspace: Workspace, store: Store, client: Client) -> list[ForeignEntry]:
    """Everything in the Label Studio of the client that is not ours."""
    return list(foreign_entries(store, client, workspace.folder, workspace.config.review, _configs(workspace)))


def told_foreign(workspace: Workspace, store: Store, client: Client, *, known: Collection[str] = ()) -> list[str]:
    """The lines of everything that is not ours; what texts leave by, and is not known, the listener is told at once.

    A project of ours under another title gets its own back, so that the work goes on in it. A server that cannot be
    asked does not stop the work: its one line says so.
    """
    try:
        found = foreign_in(workspace, store, client)
        back = {entry: entry.undo(client) for entry in found if entry.at_once and entry.undo is not None}
    except AnswerError as error:
        return [f"what is not ours could not be looked for: {error}"]
    for entry in found:
        if entry.sends_text and entry.line not in known:
            workspace.notify(f"WARNING: texts leave Label Studio by a {entry.line}")
    return [f"{entry.kind}: {entry.found}; put back" if entry in back else entry.line for entry in found]


def _configs(workspace: Workspace) -> Mapping[str, ProjectConfig]:
    """What people see in our projects, by their titles."""
    review = workspace.config.review
    return {
        review.project: project_config(workspace.scheme, review),
        review.adjudication.project: adjudication_config(workspace.scheme, language=review.language),
    }
