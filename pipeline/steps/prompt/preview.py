"""What another prompt would change: a sample of records is asked anew, and nothing but the answers is kept."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from pydantic import JsonValue

from annotation.annotators import annotator, remarks, remote_address
from annotation.llm.annotator import LlmAnnotator
from annotation.llm.votes import VotingAnnotator
from curation.author import AuthorKind, layer_name
from curation.errors import UsageError
from curation.record import Entity, Layer, digest
from curation.scoring.changes import Changes, changes
from curation.stage import Item, Result
from curation.store import Store
from pipeline.asking_some import ask_some
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.retrieval import examples_for
from pipeline.runs import recorded
from pipeline.spending import Caps, RunSpending
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PreviewedRecord:
    """One record with the layer that it has and the one that it would get; or why it would get none."""

    record_id: str
    before: Layer
    after: Layer | None
    error: str | None

    @property
    def changes(self) -> Changes:
        """How many entities would change; those without a place are in `texts` only. Of a record that failed nothing is
        known: none of its entities would be removed."""
        return Changes() if self.after is None else changes(self.before, self.after)

    @property
    def differs(self) -> bool:
        """Whether the record would have another layer, or has none that can be read."""
        return self.after is None or _said(self.before) != _said(self.after)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on; wordings are clinical text and stand here only."""
        before, after = _said(self.before), _said(self.after or self.before)
        return {
            "record": self.record_id,
            "error": self.error,
            "kept": self.changes.kept,
            "changed": self.changes.changed,
            "removed": [list(entity) for entity in sorted(before - after)],
            "added": [list(entity) for entity in sorted(after - before)],
        }


@dataclass(frozen=True, slots=True)
class PromptPreview:
    """The sample, and what asking about it has cost. stopped: the cap that ended it early."""

    old_author: str
    author: str
    records: tuple[PreviewedRecord, ...]
    spending: RunSpending

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "old_author": self.old_author,
            "author": self.author,
            "records": [record.as_json() for record in self.records],
            "differ": sum(record.differs for record in self.records),
            "failed": sum(record.error is not None for record in self.records),
            "stopped": self.spending.reached,
            "spending": self.spending.as_json(),
        }


def preview(
    workspace: Workspace,
    store: Store,
    prompt: str,
    *,
    model: str | None = None,
    layer: str = layer_name(AuthorKind.LLM),
    sample: int = 20,
    caps: Caps | None = None,
    progress: ProgressBar = no_progress,
) -> PromptPreview:
    """Which records and entities of a layer would change with another prompt.

    model: the section [models.NAME]; unset, the one that annotates. Answers that the ledger has cost nothing, and those
    that come are kept there: `curate annotate` with the same prompt does not pay for them again. No layer is stored.
    Raises UsageError where no record has the layer.
    """
    gate = gate_of(workspace, store)
    config = workspace.config
    settings = config.annotation.model_copy(update={"llm": config.annotation.llm.model_copy(update={"prompt": prompt})})
    spoken = layer_name(AuthorKind.LLM, model)
    stage = annotator(
        spoken,
        workspace.scheme,
        settings,
        layer=layer,
        gate=gate,
        models=config.models,
        examples=examples_for(workspace, store, spoken, gate=gate),
    )
    assert isinstance(stage, LlmAnnotator | VotingAnnotator)
    for line in remarks(stage):
        workspace.notify(line)
    items = sampled(store, layer, sample)
    spending = RunSpending(caps or Caps(), stage.models)
    spending.require_prices()
    inputs: dict[str, JsonValue] = {"prompt": prompt, "layer": layer, "model": model, "sent_to": remote_address(stage)}
    title = f"preview of {prompt}"
    with recorded(workspace, store, "prompt preview", **inputs) as outcome:
        gate.run = outcome.run
        with progress(title, len(items)) as advance, workspace.answer_journal(title) as journal:
            results, schemas = ask_some(
                store, stage, items, spending=spending, advance=advance, notify=workspace.notify, journal=journal
            )
        found = [_previewed(item.layers[layer], result) for item, result in zip(items, results, strict=True) if result]
        done = PromptPreview(items[0].layers[layer].author, stage.author, tuple(found), spending)
        outcome |= {name: value for name, value in done.as_json().items() if name != "records"} | {
            "schemas": dict(schemas)
        }
    return done


def sampled(store: Store, layer: str, size: int) -> list[Item]:
    """So many of the records that have the layer, the same ones each time."""
    ids = heapq.nsmallest(size, store.record_ids(having=[layer]), key=lambda id: digest(["prompt preview", id]))
    if not ids:
        raise UsageError(f"expected records with the layer {layer} to compare with, found none: annotate first")
    return list(store.items([layer], ids=ids))


def _previewed(before: Layer, result: Result) -> PreviewedRecord:
    after = result.layers[0] if result.layers else None
    return PreviewedRecord(result.record_id, before, after, result.error)


def _said(layer: Layer) -> set[tuple[str, str, str]]:
    """What a layer says: category, wording and assertion of each entity, and the document labels."""
    return {_entity(entity) for entity in layer.entities} | {
        (name, value, "document label") for name, value in layer.labels.items()
    }


def _entity(entity: Entity) -> tuple[str, str, str]:
    return entity.category, entity.text, entity.assertion.value
