"""What an annotator says of the records of a split, without a layer in the store; what a model was asked is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from annotation.annotators import annotator, remarks
from annotation.settings import AnnotationSettings
from curation.batches import batched
from curation.egress.gate import Gate
from curation.errors import EnvironmentFailureError
from curation.models.asking_stage import AskingStage, asks
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scoring.scores import ScoredDocument
from curation.stage import Item, Result, Stage
from curation.store import Store
from pipeline.asking_some import ask_some
from pipeline.egress import gate_of
from pipeline.retrieval import examples_for, taught_sentences
from pipeline.runner import attempt
from pipeline.spending import Caps, RunSpending
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS

#: The layer's name, which is not stored, and that of the trusted one for an annotator that reads it.
PREDICTED, TRUSTED = "predicted", "trusted"
#: Records at a time: of an annotator on this machine, and of one that asks models.
TOGETHER, ASKED_TOGETHER = 32, 512


@dataclass
class Predictions:
    """Documents with what an annotator says of them, one after the other; what failed is counted by its kind."""

    workspace: Workspace
    store: Store
    stage: Stage | AskingStage
    pairs: Iterable[tuple[Record, Layer]]
    caps: Caps = field(default_factory=Caps)
    #: Called with how many more records are through.
    advance: Callable[[int], object] = field(default=lambda more: None)
    failed: dict[str, int] = field(default_factory=dict)
    #: A layer of each author.
    authors: dict[str, Layer] = field(default_factory=dict)
    spending: RunSpending | None = None

    def __iter__(self) -> Iterator[ScoredDocument]:
        together = ASKED_TOGETHER if asks(self.stage) else TOGETHER
        for members in batched(self.pairs, together):
            items = [Item(record, dict.fromkeys(self.stage.reads, gold)) for record, gold in members]
            results = self._asked(items) if asks(self.stage) else attempt(self.stage, items)
            found = {result.record_id: result for result in results}
            for record, gold in members:
                yield ScoredDocument(record, gold, self._layer(found[record.id]))
            self.advance(len(members))

    def _layer(self, result: Result) -> Layer | None:
        if result.error is not None:
            if result.may_pass:
                raise EnvironmentFailureError(
                    f"{self.stage.name} stopped by no fault of the records: {result.error}; the same command goes on "
                    "from there"
                )
            kind = result.kind or "failed"
            self.failed[kind] = self.failed.get(kind, 0) + 1
        layer = next(iter(result.layers), None)
        if layer is not None:
            self.authors.setdefault(layer.author, layer)
        return layer

    def _asked(self, items: list[Item]) -> list[Result]:
        assert asks(self.stage)
        if self.spending is None:
            self.spending = RunSpending(self.caps, self.stage.models)
            self.spending.require_prices()
        with self.workspace.answer_journal(self.stage.name) as journal:
            results, _ = ask_some(
                self.store,
                self.stage,
                items,
                spending=self.spending,
                notify=self.workspace.notify,
                journal=journal,
            )
        if self.spending.reached is not None or any(result is None for result in results):
            raise EnvironmentFailureError(
                f"{self.stage.name} stopped: {self.spending.reached or 'not all records were asked about'}; what came "
                "is kept, the same command goes on from there"
            )
        return [result for result in results if result is not None]


def stage_for(
    workspace: Workspace,
    store: Store,
    spoken: str,
    settings: AnnotationSettings,
    *,
    scheme: Scheme | None = None,
    examples: str | None = None,
    run: int = 0,
) -> Stage | AskingStage:
    """The stage of an annotator with other settings than the workspace's; adapters of relations read the trusted layer.

    scheme: in the place of the workspace's. examples: the curated set that a language model's prompts have examples
    from. Raises as `annotator` does.
    """
    gate: Gate = gate_of(workspace, store)
    gate.run = run
    settings = settings.model_copy(update={"adapter": settings.adapter.model_copy(update={"reads": TRUSTED})})
    stage = annotator(
        spoken,
        scheme or workspace.scheme,
        settings,
        layer=PREDICTED,
        gate=gate,
        models=workspace.config.models,
        examples=examples_for(workspace, store, spoken, examples, gate=gate),
        vectors=workspace.folder / VECTORS,
        taught=taught_sentences(workspace, store) if spoken == "few-shot" else None,
    )
    for line in remarks(stage):
        workspace.notify(line)
    return stage
