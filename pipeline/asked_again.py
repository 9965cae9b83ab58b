"""How far a language model says the same again: a share of the records asked anew, compared with their layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import JsonValue

from curation.batches import batched
from curation.errors import UsageError
from curation.models.asking_stage import AskingStage, Conversation
from curation.models.contract import LanguageModel
from curation.models.conversations import altered
from curation.record import Layer, digest
from curation.stage import Item, Result
from curation.store import Store
from curation.store.answer_journal import AnswerJournal
from pipeline.asking_some import ask_some
from pipeline.progress import Notify, ProgressBar, no_progress, not_notified
from pipeline.spending import RunSpending

#: Added to the number of a sample: no attempt at a record reaches it.
AGAIN = 1_000
#: Records that are asked about before their answers are compared.
PAGE = 256


@dataclass(frozen=True, slots=True)
class FlipReport:
    """What changed when records were asked about again, under the same settings of the engine.

    changed: records whose entities or labels differ. entities: in either of both layers; flipped: in one of them only.
    failed: records that got no layer this time, left: those that a cap left out; they are in none of the other counts.
    """

    stage: str
    records: int
    changed: int
    entities: int
    flipped: int
    failed: int
    engine: Mapping[str, JsonValue]
    left: int
    spending: RunSpending
    schemas: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        return {
            "stage": self.stage,
            "records": self.records,
            "changed_records": self.changed,
            "record_flip_rate": round(self.changed / self.records, 4) if self.records else None,
            "entities": self.entities,
            "flipped_entities": self.flipped,
            "entity_flip_rate": round(self.flipped / self.entities, 4) if self.entities else None,
            "failed": self.failed,
            "left": self.left,
            "stopped": self.spending.reached,
            "spending": self.spending.as_json(),
            "engine": dict(self.engine),
            "schemas": dict(self.schemas),
        }


def share_of(spoken: str) -> float:
    """The share that is meant by 5% or 0.05. Raises UsageError for anything else."""
    try:
        share = float(spoken.removesuffix("%")) / (100 if spoken.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"expected a share of the records such as 5%, got {spoken!r}")
    return share


def ask_again(
    store: Store,
    stage: AskingStage,
    layer: str,
    share: float,
    *,
    spending: RunSpending | None = None,
    progress: ProgressBar = no_progress,
    notify: Notify = not_notified,
    journal: AnswerJournal | None = None,
) -> FlipReport:
    """The comparison over a share of the records that have the layer, the same ones each time; no layer is written.

    Answers of an earlier time are not paid for again, so that what was stopped goes on; journal: what keeps attempts
    until the store has them. Raises UsageError where no record has the layer, and KeyboardInterrupt after a signal,
    once all that came is stored.
    """
    ids = sorted(store.record_ids(having=[layer]), key=digest)
    if not ids:
        raise UsageError(f"expected records with the layer {layer} to ask about again, found none; annotate first")
    chosen = ids[: max(1, round(share * len(ids)))]
    spending = spending or RunSpending(models=stage.models)
    pairs: list[tuple[Layer, Result]] = []
    schemas: dict[str, str] = {}
    with progress(f"{stage.name}, again", len(chosen)) as advance:
        ask = partial(ask_some, store, _Again(stage), advance=advance, notify=notify, journal=journal)
        for page in batched(chosen, PAGE):
            items = list(store.items([layer, *stage.reads], ids=page))
            asked = [replace(item, layers=_read(item, stage.reads)) for item in items]
            results, found = ask(asked, spending=spending)
            schemas |= found
            pairs += [(item.layers[layer], result) for item, result in zip(items, results, strict=True) if result]
            if spending.reached:
                break
    return replace(_compared(stage, pairs, len(chosen) - len(pairs), spending), schemas=schemas)


def _read(item: Item, reads: Sequence[str]) -> dict[str, Layer]:
    return {name: layer for name, layer in item.layers.items() if name in reads}


def _compared(
    stage: AskingStage, pairs: Sequence[tuple[Layer, Result]], left: int, spending: RunSpending
) -> FlipReport:
    both = [
        (set(_said(before)), set(_said(result.layers[0])))
        for before, result in pairs
        if result.error is None and result.layers
    ]
    return FlipReport(
        stage.name,
        records=len(both),
        changed=sum(before != after for before, after in both),
        entities=sum(len(before | after) for before, after in both),
        flipped=sum(len(before ^ after) for before, after in both),
        failed=len(pairs) - len(both),
        engine={name: dict(model.identity) for name, model in stage.models.items()},
        left=left,
        spending=spending,
    )


def _said(layer: Layer) -> Iterator[tuple[object, ...]]:
    """What a layer says, each thing once: its entities by place, category and assertion, and its labels."""
    for entity in layer.entities:
        yield entity.category, entity.spans or entity.text, entity.assertion
    yield from layer.labels.items()


@dataclass(frozen=True, slots=True)
class _Again:
    """A stage that asks its questions for another sample."""

    stage: AskingStage

    @property
    def name(self) -> str:
        return f"{self.stage.name}, again"

    @property
    def fingerprint(self) -> str:
        return self.stage.fingerprint

    @property
    def reads(self) -> Sequence[str]:
        return self.stage.reads

    @property
    def models(self) -> Mapping[str, LanguageModel]:
        return self.stage.models

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        return altered(
            self.stage.conversation(item, attempt=attempt),
            lambda request: replace(request, sample=request.sample + AGAIN, purpose=self.name),
        )
