"""What a cell does: a trainer of the product learns from some records, its adapter is asked about others and scored."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_model_parts.asking import MOST, Asking

from annotation.adapter import AdapterAnnotator
from annotation.llm.annotator import LlmAnnotator
from annotation.llm.tuned import TunedAnnotator
from annotation.settings import LlmSettings
from curation.batches import batched
from curation.record import Layer
from curation.scheme import Scheme
from curation.scoring.flat import parse_flat
from curation.scoring.scores import ScoredDocument
from curation.scoring.tally import TOTAL, DocumentCounts
from curation.stage import Item
from curation.store import Store
from curation.tagging.folder import MANIFEST, AdapterManifest, read_manifest
from study_parts.ledger import Deadline
from study_parts.sizes import Annotated
from training.evaluate import EvaluationReport, evaluate_documents
from training.settings import TrainingSettings
from training.trained import TrainingJob, training_fingerprint
from training.trainers import trainer

#: Records that are asked about between two looks at the clock.
AT_ONCE = 16


def preload() -> None:
    """Import what takes long, once, before processes of cells are forked."""
    for name in ("torch", "transformers", "peft"):
        importlib.import_module(name)


def learnt(
    pairs: Iterable[Annotated], scheme: Scheme, settings: TrainingSettings, folder: Path, deadline: Deadline
) -> AdapterManifest:
    """The adapter of some records, in `adapter` of a folder; what was begun there is gone on with."""
    adapter = folder / "adapter"
    if not (adapter / MANIFEST).is_file():
        job = TrainingJob(
            pairs,
            (),
            scheme,
            settings,
            adapter,
            deadline.check,
            work=folder / "work",
            fingerprint=training_fingerprint(settings, [layer.digest for _, layer in pairs]),
        )
        return trainer(settings, scheme).train(job).manifest
    return read_manifest(adapter)


def oracle(manifest: AdapterManifest) -> Any:
    """The recall that the view of a training allows at most."""
    view: Any = manifest.training["view"]
    return view["oracle"]


def found(pairs: Sequence[Annotated], scheme: Scheme, folder: Path, deadline: Deadline) -> list[Layer]:
    """What the encoder's adapter in a folder says about some records."""
    annotator = AdapterAnnotator(folder / "adapter", scheme)
    layers: list[Layer] = []
    for some in batched(pairs, AT_ONCE):
        deadline.check()
        for result in annotator([Item(record) for record, _ in some]):
            layers += result.layers
    return layers


class AskedModel:
    """The answers of a language model, kept in a folder, held to the scheme's form or free; most: tokens of one."""

    def __init__(self, stage: LlmAnnotator, folder: Path, *, constrained: bool, most: int = MOST) -> None:
        self.stage = stage
        self._folder = folder
        self._constrained = constrained
        self._most = most

    def __call__(
        self, pairs: Sequence[Annotated], deadline: Deadline, *, also: Sequence[Annotated] = ()
    ) -> AnswersOfModel:
        """The layers of some records, and whether each answer is valid; also: records that stand in the questions."""
        with Store.open(f"sqlite:///{self._folder / 'answers.db'}") as store:
            store.add_records(record for record, _ in (*pairs, *also))
            return asyncio.run(self._answers(pairs, store, deadline))

    async def _answers(self, pairs: Sequence[Annotated], store: Store, deadline: Deadline) -> AnswersOfModel:
        (model,) = self.stage.models.values()
        answers = AnswersOfModel()
        try:
            for some in batched(pairs, AT_ONCE):
                deadline.check()
                asking = Asking(model, store, self._constrained, self._most)
                layers = await asyncio.gather(*(asking.layer(self.stage, Item(record)) for record, _ in some))
                answers.layers += [layer for layer in layers if layer is not None]
                answers.texts += [answer.text for answer in asking.answers]
                answers.tokens += sum(answer.tokens_out or 0 for answer in asking.answers)
        finally:
            await model.close()
        return answers


class AnswersOfModel:
    """What a language model said: layers, and the answers that they were read from."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.texts: list[str] = []
        self.tokens = 0

    def validity(self, scheme: Scheme, records: int) -> float:
        """The share of records with an answer that is exactly valid."""
        return sum(parse_flat(text, scheme)[1] is None for text in self.texts) / max(1, records)


def tuned(folder: Path, scheme: Scheme) -> TunedAnnotator:
    """The language model with the adapter in a folder, which asks each question once."""
    return TunedAnnotator(folder / "adapter", scheme, LlmSettings(repairs=0))


@dataclass
class CellScores:
    """The product's report on some layers, and what each group of documents adds to its headline."""

    report: EvaluationReport
    #: Of entities: matched, gold and predicted ones of a group. Of labels: the value of gold and the predicted one.
    counts: list[list[Any]]

    @property
    def figures(self) -> dict[str, Any]:
        """F1 with its interval: of document labels macro and the accuracy, of entities strict and lenient micro."""
        for label in self.report.labels.values():
            return {
                "f1": label.macro_f1,
                "f1_interval": label.macro_f1_interval,
                "accuracy": label.accuracy,
                "accuracy_interval": label.accuracy_interval,
                "counts": self.counts,
            }
        strict, lenient = self.report.entities.strict.micro, self.report.entities.lenient.micro
        return {
            "f1": strict.f1 or 0.0,
            "f1_interval": strict.f1_interval,
            "precision": strict.precision,
            "recall": strict.recall,
            "lenient_f1": lenient.f1 or 0.0,
            "lenient_interval": lenient.f1_interval,
            "counts": self.counts,
        }


def scored(pairs: Sequence[Annotated], layers: Sequence[Layer], scheme: Scheme, *asked: str) -> CellScores:
    """The scores of some layers; a record without one counts as empty. asked: scores that need a model."""
    predicted = {layer.record_id: layer for layer in layers}
    documents = [ScoredDocument(record, layer, predicted.get(record.id)) for record, layer in pairs]
    by_group: dict[str, list[Any]] = {}

    def note(document: ScoredDocument, counts: DocumentCounts) -> None:
        record, gold, layer = document
        if scheme.labels:
            (name,) = (label.name for label in scheme.labels)
            by_group[record.id] = [gold.labels.get(name), layer.labels.get(name, "") if layer else ""]
            return
        added = counts.get(("strict", TOTAL), (0, 0, 0, 0))[:3]
        before = by_group.get(record.group, (0, 0, 0))
        by_group[record.group] = [int(sum(both)) for both in zip(before, added, strict=True)]

    report = evaluate_documents(
        lambda: documents, scheme, languages={record.language for record, _ in pairs}, asked=asked, on_document=note
    )
    return CellScores(report, list(by_group.values()))
