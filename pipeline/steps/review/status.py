"""How far the review of a workspace is."""

from __future__ import annotations

from pydantic import JsonValue

from annotation.label_studio import status
from curation.store import Store
from pipeline.workspace import Workspace


def review_status(workspace: Workspace, store: Store) -> dict[str, JsonValue]:
    """Server, project and counts; of a server that does not answer, why it does not."""
    return status.review_status(store, workspace.folder, workspace.config.review)
