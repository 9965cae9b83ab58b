"""How far a language model says the same again: a share of the records asked anew, compared with their layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from curation.batches import batched
from curation.errors import UsageError
from curation.models.asked_stage import AskedStage
from curation.models.asking_stage import AskingStage, Conversation
from curation.models.contract import LanguageModel
from curation.record import Layer, digest
from curation.stage import Item
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress

#: Added to the number of a sample: no attempt at a record reaches it.
AGAIN = 1_000
#: Records that are asked about before their answers are compared.
PAGE = 256


@dataclass(frozen=True, slots=True)
class FlipReport:
    """What changed when records were asked about again, under the same settings of the engine.

    changed: records whose entities or labels differ. entities: in either of both layers; flipped: in one of them only.
    failed: records that got no layer this time, which are in none of the other counts.
    """

    stage: str
    records: int
    changed: int
    entities: int
    flipped: int
    failed: int
    engine: Mapping[str, JsonValue]

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
            "engine": dict(self.engine),
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
    store: Store, stage: AskingStage, layer: str, share: float, *, progress: ProgressBar = no_progress
) -> FlipReport:
    """The comparison over a share of the records that have the layer, the same ones each time; no layer is written.

    Raises UsageError where no record has it.
    """
    ids = sorted(store.record_ids(having=[layer]), key=digest)
    if not ids:
        raise UsageError(f"expected records with the layer {layer} to ask about again, found none; annotate first")
    chosen = ids[: max(1, round(share * len(ids)))]
    pairs: list[tuple[Layer, Layer | None]] = []
    asked = AskedStage(_Again(stage), store)
    try:
        with progress(f"{stage.name}, again", len(chosen)) as advance:
            for page in batched(chosen, PAGE):
                items = list(store.items([layer, *stage.reads], ids=page))
                results = asked([replace(item, layers=_read(item, stage.reads)) for item in items])
                for item, result in zip(items, results, strict=True):
                    made = result.layers[0] if result.error is None and result.layers else None
                    pairs.append((item.layers[layer], made))
                advance(len(items), sum(result.error is not None for result in results))
    finally:
        asked.close()
    return _compared(stage, pairs)


def _read(item: Item, reads: Sequence[str]) -> dict[str, Layer]:
    return {name: layer for name, layer in item.layers.items() if name in reads}


def _compared(stage: AskingStage, pairs: Sequence[tuple[Layer, Layer | None]]) -> FlipReport:
    both = [(set(_said(before)), set(_said(after))) for before, after in pairs if after is not None]
    return FlipReport(
        stage.name,
        records=len(both),
        changed=sum(before != after for before, after in both),
        entities=sum(len(before | after) for before, after in both),
        flipped=sum(len(before ^ after) for before, after in both),
        failed=len(pairs) - len(both),
        engine={name: dict(model.identity) for name, model in stage.models.items()},
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
        conversation = self.stage.conversation(item, attempt=attempt)
        try:
            requests = next(conversation)
            while True:
                answers = yield [
                    replace(request, sample=request.sample + AGAIN, purpose=self.name) for request in requests
                ]
                requests = conversation.send(answers)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
