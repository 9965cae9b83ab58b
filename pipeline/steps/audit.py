"""What has left this machine through a workspace, and what was deleted from it."""

from __future__ import annotations

from curation.store.deletion import DeletionLine
from curation.store.egress import EgressLine
from pipeline.workspace import Workspace


def audit_lines(workspace: Workspace) -> tuple[list[EgressLine], list[DeletionLine]]:
    """The audit log, oldest first: a line for each destination and address of a run, and for each deleted record."""
    with workspace.open_store() as store:
        return store.egress(), store.deletions()
