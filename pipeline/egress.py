"""The gate of a workspace: its privacy policy, its audit log, and who has released which record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from curation.author import is_human
from curation.decision import Verdict
from curation.deidentify.key import found_key, read_key
from curation.egress.gate import Gate
from curation.egress.outgoing import Outgoing
from curation.egress.settings import Destination
from curation.record import Record
from curation.store import Store
from pipeline.workspace import Workspace


def gate_of(
    workspace: Workspace,
    store: Store,
    *,
    run: int | None = None,
    recognise: Callable[[Record], Record] = lambda record: record,
    writes: bool = True,
) -> Gate:
    """The gate for what a run sends off this machine; lines for people go to the workspace's listener.

    writes: whether the key of surrogates is made where there is none; else one is drawn that is not kept.
    """

    def released(record_id: str, destination: Destination) -> bool:
        """Whether a person accepted the record's identifiers for the destination, or for anywhere."""
        decision = store.privacy_decisions(destination, [record_id]).get(record_id)
        return decision is not None and decision.verdict is Verdict.ACCEPTED and is_human(decision.by)

    return Gate(
        workspace.config.validation.privacy,
        store,
        notify=workspace.notify,
        released=released,
        recognise=recognise,
        run=run,
        key=lambda: read_key(workspace.folder) if writes else found_key(workspace.folder),
    )


@contextmanager
def database_gate(workspace: Workspace, store: Store, run: int) -> Iterator[None]:
    """While a run lasts, new records of a store on another machine pass the gate; the run has a line in any case."""
    if store.remote is None:
        yield
        return
    passage = gate_of(workspace, store, run=run).passage(Destination.DATABASE, store.remote)
    passage.begin()

    def let_out(records: Sequence[Record]) -> None:
        passage.check(map(Outgoing.of, records))

    store.let_out = let_out
    try:
        yield
    finally:
        store.let_out = None
