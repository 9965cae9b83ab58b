"""Batches of questions at providers: which lie there, what came, and how one is called off or forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.errors import LanguageModelError, UsageError, unknown_name
from curation.models.endpoint.batch_service import BatchService
from curation.models.endpoint.model import EndpointModel
from curation.models.settings import EndpointModelSettings
from curation.record import Frozen
from curation.store import Store
from curation.store.batches import StoredBatch
from pipeline.asking import has_worker_ended
from pipeline.batch_keeping import BatchKeeper
from pipeline.egress import gate_of
from pipeline.runs import recorded
from pipeline.spending import RunSpending
from pipeline.workspace import Workspace


class BatchRow(Frozen):
    """A batch: where it lies, how far it is, and what came of it.

    batch: the provider's id, before there is one our mark. status: what the provider said last. open: questions without
    an outcome. files: those that are, or may be, at the provider.
    """

    batch: str
    mark: str
    model: str
    purpose: str
    address: str
    state: str
    status: str | None
    questions: int
    open: int
    expected_cost: float | None
    lines: dict[str, int]
    files: tuple[str, ...]
    made: str
    sent: str | None
    ended: str | None


@dataclass(frozen=True, slots=True)
class BatchesReport:
    """What came of batches: how many were collected, their lines by what they say, and what could not be done."""

    collected: int
    lines: dict[str, int]
    spending: dict[str, JsonValue]
    problems: dict[str, str]
    batches: list[BatchRow]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "collected": self.collected,
            "lines": dict(self.lines),
            "spending": dict(self.spending),
            "problems": dict(self.problems),
            "batches": [row.model_dump(mode="json") for row in self.batches],
        }


def list_batches(store: Store, *, ended: bool = False) -> list[BatchRow]:
    """The batches of which something lies at a provider; ended: all that ever were."""
    if not store.read_only:
        store.drop_abandoned(has_worker_ended)
    return [_row(batch) for batch in store.batches(ended=ended)]


def collect_batches(workspace: Workspace, store: Store, names: Sequence[str]) -> BatchesReport:
    """What has come of batches, or of those that are named, kept in the ledger, and its files deleted at the provider.

    Layers are made of it by the next `annotate`. Raises UsageError for an unknown name.
    """
    chosen = chosen_batches(store, names)

    async def collect(keeper: BatchKeeper) -> None:
        await keeper.update(chosen)

    return _kept(workspace, store, "batches collect", chosen, collect)


def cancel_batches(workspace: Workspace, store: Store, names: Sequence[str]) -> BatchesReport:
    """The named batches called off at the provider; what had come by then is collected once each is over.

    Raises UsageError for an unknown name, and for none.
    """
    if not names:
        raise UsageError("expected the batches to call off, got none; `curate batches list` shows them")
    chosen = chosen_batches(store, names)

    async def cancel(keeper: BatchKeeper) -> None:
        for batch in chosen:
            try:
                await keeper.cancel(batch)
            except LanguageModelError as error:
                keeper.collected.problems[batch.name] = str(error)

    return _kept(workspace, store, "batches cancel", chosen, cancel)


def forget_batches(workspace: Workspace, store: Store, names: Sequence[str]) -> list[BatchRow]:
    """The named batches, forgotten here: their questions are open again, and nothing is asked of the provider.

    Raises UsageError for an unknown name, and for none.
    """
    if not names:
        raise UsageError("expected the batches to forget, got none; `curate batches list` shows them")
    chosen = chosen_batches(store, names)
    with recorded(workspace, store, "batches forget", batches=[batch.name for batch in chosen]) as outcome:
        for batch in chosen:
            store.drop_batch(batch.mark, keep=True)
        outcome |= {"forgotten": len(chosen)}
    return [_row(batch) for batch in chosen]


def chosen_batches(store: Store, names: Collection[str]) -> list[StoredBatch]:
    """The batches that are named by id or mark, all without a name. Raises UsageError for one that there is not."""
    every = store.batches()
    found: dict[str, StoredBatch] = {}
    for name in names:
        named = [batch for batch in every if name in (batch.batch_id, batch.mark)]
        if not named:
            raise unknown_name("a batch of which something lies at a provider", name, [batch.name for batch in every])
        found |= {batch.mark: batch for batch in named}
    return list(found.values()) if names else every


def _kept(
    workspace: Workspace,
    store: Store,
    command: str,
    chosen: Sequence[StoredBatch],
    work: Callable[[BatchKeeper], Awaitable[None]],
) -> BatchesReport:
    """What a keeper of batches did."""
    store.require_writable()
    gate, spending = gate_of(workspace, store), RunSpending()
    models: dict[str, EndpointModel] = {}

    def service(name: str, url: str) -> BatchService | None:
        settings = workspace.config.models.get(name)
        if name not in models and isinstance(settings, EndpointModelSettings):
            models[name] = EndpointModel(name, settings, gate)
        return models[name].in_batches(url) if name in models else None

    keeper = BatchKeeper(store, service, notify=workspace.notify)
    keeper.collected.spent = spending.note

    async def run() -> None:
        try:
            with keeper.at_work():
                await work(keeper)
        finally:
            for model in models.values():
                await model.close()

    with recorded(workspace, store, command, batches=[batch.name for batch in chosen]) as outcome:
        gate.run = outcome.run
        asyncio.run(run())
        marks = {batch.mark for batch in chosen}
        report = BatchesReport(
            collected=keeper.collected.batches,
            lines=dict(sorted(keeper.collected.counts.items())),
            spending=spending.as_json(),
            problems=dict(keeper.collected.problems),
            batches=[_row(batch) for batch in store.batches(ended=True) if batch.mark in marks],
        )
        outcome |= report.as_json()
    return report


def _row(batch: StoredBatch) -> BatchRow:
    files = (batch.input_file, batch.output_file, batch.error_file)
    return BatchRow(
        batch=batch.name,
        mark=batch.mark,
        model=batch.model,
        purpose=batch.purpose,
        address=batch.address,
        state=batch.state.value,
        status=batch.status,
        questions=batch.requests or batch.left,
        open=batch.left,
        expected_cost=batch.expected_cost,
        lines=dict(batch.counts),
        files=() if batch.ended else tuple(filter(None, files)),
        made=batch.made,
        sent=batch.sent,
        ended=batch.ended,
    )
