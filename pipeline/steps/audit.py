"""What has left this machine through a workspace."""

from __future__ import annotations

from curation.store.egress import EgressLine
from pipeline.workspace import Workspace


def egress_lines(workspace: Workspace) -> list[EgressLine]:
    """The lines of the audit log, oldest first: one for each destination and address of a run."""
    with workspace.open_store() as store:
        return store.egress()
