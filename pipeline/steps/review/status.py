"""How far the review of a workspace is."""

from __future__ import annotations

from pydantic import JsonValue

from annotation.label_studio import status
from annotation.label_studio.session import connect
from curation.errors import ReviewError
from curation.store import Store
from pipeline.steps.review.secure import foreign_in
from pipeline.workspace import Workspace


def review_status(workspace: Workspace, store: Store) -> dict[str, JsonValue]:
    """Server, project, counts, and what is not ours; of a server that does not answer, why it does not."""
    found = status.review_status(store, workspace.folder, workspace.config.review)
    if found["up"]:
        found["foreign"] = list(_foreign(workspace, store))
    elif found["own"] and found["url"]:
        found["problem"] = (
            f"{found['problem']}; `curate review secure` puts our accounts and tokens right; where that is refused "
            "too, `curate review stop` and `start` come first"
        )
    return found


def _foreign(workspace: Workspace, store: Store) -> list[str]:
    try:
        with connect(workspace.folder, workspace.config.review) as client:
            return [entry.line for entry in foreign_in(workspace, store, client)]
    except ReviewError as error:
        return [f"what is not ours could not be looked for: {error}"]
