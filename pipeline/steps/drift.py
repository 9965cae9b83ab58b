"""A workspace's new records against one of its curated sets."""

from __future__ import annotations

from collections.abc import Iterator

from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.runs import recorded
from pipeline.workspace import Workspace
from validation.drift.compare import Drift, check_sizes, compare
from validation.drift.profile import batch_profile
from validation.layers import checked_layer, preferred_layers
from validation.measures.measure import VECTORS, Scope, Subject
from validation.report.drift import COMMAND, FOUND


def drift(
    workspace: Workspace, store: Store, against: str, *, source: str | None = None, batch: str | None = None
) -> Drift:
    """How the records that are not in a curated set differ from it.

    source: only those records of this source. batch: instead, the records of this other set. Raises UsageError
    when there is no such set or source, or a side has too few records.
    """
    frozen = store.curated_set(against)
    if source is not None and batch is not None:
        raise UsageError("expected one of --source and --batch, got both")
    if source is not None:
        store.require_source(source)
    name = f"{frozen.name}@{frozen.version}"
    # The report on validation shows what the latest run has found.
    with recorded(workspace, store, COMMAND, against=name, source=source, batch=batch) as outcome:
        gate = gate_of(workspace, store, run=outcome.run)
        found = _compared(workspace, store, gate, frozen.digest, source, batch)
        other = store.curated_set(batch) if batch else None
        outcome |= {
            "against": name,
            "digests": {"against": frozen.digest, "batch": other.digest if other else None},
            FOUND: found.as_json(),
        }
    return found


def _compared(
    workspace: Workspace, store: Store, gate: Gate, frozen: str, source: str | None, batch: str | None
) -> Drift:
    settings = workspace.config.validation
    members = frozenset(record.id for _, record, _ in store.set_members(frozen))

    def new() -> Iterator[Subject]:
        return _of_set(store, batch) if batch else _outside(workspace, store, members, source)

    # Before the encoder is loaded and the texts are read.
    check_sizes(len(members), sum(1 for _ in new()))
    scope = Scope(workspace.scheme, settings, workspace.folder / VECTORS, gate)
    encoder = scope.encoder if settings.similarity.enabled else None
    most = settings.drift.sample
    before = batch_profile(_of_set(store, frozen), most=most, encoder=encoder)
    return compare(before, batch_profile(new(), most=most, encoder=encoder), settings.drift)


def _of_set(store: Store, name: str) -> Iterator[Subject]:
    return (Subject(record, layer) for _, record, layer in store.set_members(store.curated_set(name).digest))


def _outside(workspace: Workspace, store: Store, members: frozenset[str], source: str | None) -> Iterator[Subject]:
    reads = preferred_layers(store.layer_authors(), workspace.config.validation)
    for item in store.items(reads):
        if item.record.id not in members and source in (None, item.record.source):
            yield Subject(item.record, checked_layer(item, reads))
