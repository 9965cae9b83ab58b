"""What has left this machine through a workspace."""

from __future__ import annotations

from curation.store import Store
from curation.store.egress import EgressLine


def egress_lines(store: Store) -> list[EgressLine]:
    """The lines of the audit log, oldest first: one for each destination and address of a run."""
    return store.egress()
