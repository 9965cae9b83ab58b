"""One cell made complete: an adapter trained or an annotator named, its answers on the test records, their figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from annotation.settings import AnnotationSettings
from curation.atomic_file import replaced
from curation.author import AuthorKind, layer_name
from curation.private_files import made_private
from curation.record import Record, text_digest
from curation.scheme import Scheme
from curation.scoring.document_file import LENGTH, document_line, read_documents
from curation.scoring.scores import DocumentScorer, ScoredDocument
from pipeline.seen_records import seen_records
from pipeline.spending import Caps
from pipeline.steps.experiment.predictions import Predictions, stage_for
from pipeline.steps.experiment.workplace import Workplace
from pipeline.steps.train import made_before
from training.course_figures import CourseFigures
from training.examples import Pair
from training.experiments.document_figures import cell_figures, cell_tallies
from training.experiments.grid import GridCell, OnProgress
from training.experiments.ledger import FinishedCell
from training.experiments.spent import Meter, Spent
from training.scope import LayerScope
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob
from training.trainers import trainer
from training.view_check import TrainingRefusedError


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """The records that figures are made on, how many they are, and the scores that need a model.

    scheme: what an adapter of several sets knows, in the place of the workspace's; scope: what these records annotate
    of it, by which alone they are measured.
    """

    pairs: Iterable[Pair]
    records: int
    asked: Sequence[str] = ()
    scheme: Scheme | None = None
    scope: LayerScope | None = None

    def own_scheme(self, whole: Scheme) -> Scheme:
        """The scheme that the records are measured by; whole: the workspace's."""
        scheme = self.scheme or whole
        return self.scope.restricted(scheme) if self.scope else scheme

    def measured(self, document: ScoredDocument) -> ScoredDocument:
        """The document without what its author was not asked to annotate."""
        if self.scope is None or document.predicted is None:
            return document
        return document._replace(predicted=self.scope.measured(document.predicted))


@dataclass(frozen=True, slots=True)
class CellTraining:
    """What an adapter of a cell learns from, and how; annotation: how it is read, in the place of the workspace's."""

    settings: TrainingSettings
    pairs: Iterable[Pair]
    validation: Iterable[Pair]
    records: int
    about: dict[str, JsonValue] = field(default_factory=dict)
    annotation: AnnotationSettings | None = None


@dataclass(frozen=True, slots=True)
class NamedAnnotator:
    """An annotator that is not trained here, with its settings and the set of its prompts' examples."""

    spoken: str
    settings: AnnotationSettings
    examples: str | None = None
    caps: Caps = field(default_factory=Caps)


def trained_cell(
    place: Workplace, cell: GridCell, advance: OnProgress, how: CellTraining, on: MeasuredOn
) -> FinishedCell:
    """A cell whose adapter is trained, or taken where an ended run has trained it.

    One with the contents of a finished cell, as where groups that are not cut give two sizes the same records, is that
    cell by another name.
    """
    if (same := _same_as(place, cell)) is not None:
        return same
    work = made_private(place.work(cell.key))
    with Meter(work) as meter:
        try:
            trained = _trained(place, cell, how, on.scheme or place.workspace.scheme, meter, advance)
        except TrainingRefusedError as error:
            finished = FinishedCell(
                key=cell.key, parameters=cell.parameters, content=cell.content, left_out=str(error), spent=meter.spent
            )
        else:
            meter.keep()
            spoken = layer_name(AuthorKind.ADAPTER, str(trained.folder))
            named = NamedAnnotator(spoken, how.annotation or place.workspace.config.annotation)
            details: dict[str, JsonValue] = {
                "model": trained.manifest.model,
                "weights": trained.manifest.weights_digest,
                **_epochs(trained),
                **_oracle(trained),
            }
            # What is read in training is counted before: the rest of the cell's size.
            read = cell.size - on.records
            finished = _measured(place, cell, named, on, meter, lambda more: advance(read + more, "scoring"), details)
    return finished


def _same_as(place: Workplace, cell: GridCell) -> FinishedCell | None:
    """A finished cell with the same contents under this cell's name."""
    found = next((done for done in place.ledger.cells.values() if cell.is_of(done.content)), None)
    if found is None:
        return None
    if found.left_out is None:
        shutil.copyfile(place.documents(found.key), place.documents(cell.key))
    details = found.details | {"same_as": found.key}
    return found.model_copy(
        update={"key": cell.key, "parameters": cell.parameters, "spent": Spent(), "details": details}
    )


def annotated_cell(
    place: Workplace, cell: GridCell, advance: OnProgress, named: NamedAnnotator, on: MeasuredOn
) -> FinishedCell:
    """A cell of an annotator that is there already."""
    with Meter(made_private(place.work(cell.key))) as meter:
        finished = _measured(place, cell, named, on, meter, lambda more: advance(more, "asking"), {}, seen=True)
    return finished


def _trained(
    place: Workplace, cell: GridCell, how: CellTraining, scheme: Scheme, meter: Meter, advance: OnProgress
) -> Trained:
    folder = place.adapter(cell.key)
    if (made := made_before(folder, cell.content, *cell.former)) is not None:
        return made
    began, share = meter.spent.seconds, 0.0
    read = how.records * how.settings.epochs

    def step(done: int, total: int, loss: float) -> None:
        nonlocal share
        share = done / total
        meter.training_seconds = meter.spent.seconds - began
        meter.note()
        advance(int(read * share), f"step {done} of {total}, loss {loss:.3f}")

    trained = trainer(how.settings, scheme).train(
        TrainingJob(
            how.pairs,
            how.validation,
            scheme,
            how.settings,
            folder,
            on_step=step,
            work=place.work(cell.key) / "checkpoint",
            fingerprint=cell.content,
            about=how.about,
            minimum_records=place.resampling.minimum_records,
        )
    )
    view: Any = trained.manifest.training["view"]
    meter.training_seconds = meter.spent.seconds - began
    meter.tokens = int(view["tokens"] * how.settings.epochs * how.settings.members * share) or None
    return trained


def _epochs(trained: Trained) -> dict[str, JsonValue]:
    """How many epochs it learnt, by its manifest, which an adapter of an ended run has too."""
    course = CourseFigures.in_manifest(trained.manifest)
    return {"epochs": len(course.losses)} if course else {}


def _oracle(trained: Trained) -> dict[str, JsonValue]:
    """The oracle recall of the view that was learnt from."""
    view = trained.manifest.training.get("view")
    return {"oracle": view.get("oracle")} if isinstance(view, dict) else {}


def _measured(
    place: Workplace,
    cell: GridCell,
    named: NamedAnnotator,
    on: MeasuredOn,
    meter: Meter,
    advance: Callable[[int], object],
    details: dict[str, JsonValue],
    *,
    seen: bool = False,
) -> FinishedCell:
    """The figures of an annotator's answers; what each document adds to them is in the cell's file.

    seen: its details name, by digests, the documents that it has learnt from before.
    """
    through = 0

    def more(records: int) -> None:
        nonlocal through
        through += records
        meter.note()
        advance(through)

    stage = stage_for(
        place.workspace,
        place.store,
        named.spoken,
        named.settings,
        scheme=on.scheme,
        examples=named.examples,
        run=place.run,
    )
    predictions = Predictions(place.workspace, place.store, stage, on.pairs, caps=named.caps, advance=more)
    file = place.documents(cell.key)
    _write_documents(place, predictions, on, file)
    whole, languages, test = cell_tallies(read_documents(file))
    figures = cell_figures(whole, place.resampling)
    several = len(languages) > 1
    if predictions.failed:
        details = details | {"failed_by_kind": dict(predictions.failed)}
    if seen and (documents := _seen_documents(place, predictions, on)):
        details = details | {"seen_documents": documents}
    if predictions.spending is not None:
        details = details | {"spending": predictions.spending.as_json()}
    return FinishedCell(
        key=cell.key,
        parameters=cell.parameters,
        content=cell.content,
        test=test,
        scores=figures.totals,
        languages={
            language: cell_figures(tally, place.resampling).totals if several else figures.totals
            for language, tally in sorted(languages.items())
        },
        categories=figures.categories,
        documents=whole.documents,
        failed=sum(predictions.failed.values()),
        spent=meter.spent,
        details=details | {"authors": sorted(predictions.authors)},
    )


def _seen_documents(place: Workplace, predictions: Predictions, on: MeasuredOn) -> list[JsonValue]:
    """The digests of the records that the annotator has learnt from, as far as the workspace knows it."""
    records = OnlyRecordsOf(on.pairs)
    found = seen_records(place.workspace, place.store, predictions.authors.values(), records)
    return [text_digest(id, length=LENGTH) for id in found.taught]


@dataclass(frozen=True, slots=True)
class OnlyRecordsOf:
    """The records of pairs, each time that they are iterated."""

    pairs: Iterable[Pair]

    def __iter__(self) -> Iterator[Record]:
        return (record for record, _ in self.pairs)


def _write_documents(place: Workplace, predictions: Predictions, on: MeasuredOn, file: Path) -> None:
    """One line for each document."""
    scored: list[ScoredDocument] = []  # for the weights of tokens, which are of all documents

    def documents() -> Iterable[ScoredDocument]:
        return scored

    if on.asked:
        scored = list(predictions)
    scorer = DocumentScorer(
        on.own_scheme(place.workspace.scheme),
        settings=place.workspace.config.curation.scoring,
        asked=on.asked,
        languages=sorted({document.record.language for document in scored}),
        documents=documents,
        root=place.workspace.folder,
    )
    with replaced(file) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
        for document, counts in scorer.counted(map(on.measured, scored if on.asked else predictions)):
            stream.write(document_line(document.record, counts) + "\n")
