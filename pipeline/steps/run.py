"""The pipeline by config: import, annotate, de-identify, validate, review, freeze, train, evaluate, export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Generic, TypeVar

from annotation.label_studio.exchange.pull import Pulled
from annotation.label_studio.exchange.push import Pushed
from annotation.label_studio.server.server import Server
from curation.author import AuthorKind, kind_of, layer_name
from curation.egress.settings import PrivacyPolicy
from curation.sources.reading import ReadOptions
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.progress import Notify, ProgressBar, no_progress, not_notified
from pipeline.runner import StageReport
from pipeline.steps.annotate import annotate
from pipeline.steps.deidentify import DeidentifyReport, deidentify
from pipeline.steps.evaluate import Evaluation, evaluate_layer
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.steps.imports import ImportReport, import_into
from pipeline.steps.review.pull import pull_reviews
from pipeline.steps.review.push import push_records
from pipeline.steps.review.server import start_server
from pipeline.steps.train import train
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace
from training.encoder import Trained
from validation.verdict import Verdicts

#: What `curate run` writes for others.
EXPORTS = ("hf", "chat")


@dataclass(frozen=True, slots=True)
class ReviewRound:
    """The server that runs, what went to it and what came back."""

    server: Server
    pushed: Pushed
    pulled: Pulled


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Each annotator's layer measured on the test split, by the layer's name."""

    by_layer: dict[str, Evaluation]


@dataclass(frozen=True, slots=True)
class ExportFolders:
    """The folders of a curated set that was exported, by format."""

    folders: dict[str, Path]


StepResult = (
    ImportReport
    | StageReport
    | DeidentifyReport
    | Verdicts
    | ReviewRound
    | CuratedSet
    | Trained
    | Evaluations
    | ExportFolders
)

ResultT = TypeVar("ResultT", bound=StepResult, covariant=True)


@dataclass(frozen=True, slots=True)
class FinishedStep(Generic[ResultT]):
    """A step's name, what it returned, and its seconds."""

    name: str
    result: ResultT
    seconds: float


def run_steps(
    workspace: Workspace, store: Store, *, progress: ProgressBar = no_progress
) -> Iterator[FinishedStep[StepResult]]:
    """The steps in order, as the section [run] asks for them, each done when it is asked for."""
    settings = workspace.config.run
    if settings.sources:
        yield _timed("import", lambda: _import(workspace, store, progress))
    for annotator in settings.annotators:
        yield _timed(f"annotate {annotator}", _annotating(workspace, store, annotator, progress))
    if workspace.config.validation.privacy.policy is PrivacyPolicy.REPLACE:
        yield _timed("deidentify", lambda: deidentify(workspace, store, progress=progress))
    yield _timed("validate", lambda: validate(workspace, store, layer=settings.layer, progress=progress))
    if settings.review:
        yield _timed("review", lambda: _review(workspace, store, progress))
    yield (frozen := _timed("freeze", lambda: _freeze(workspace, store)))
    curated = frozen.result
    yield (
        trained := _timed(
            "train",
            lambda: train(workspace, store, name=settings.adapter, curated=curated.digest, progress=progress),
        )
    )
    adapter = layer_name(AuthorKind.ADAPTER, str(trained.result.folder))
    yield _timed("annotate adapter", _annotating(workspace, store, adapter, progress))
    yield _timed("evaluate", lambda: _evaluate(workspace, store, curated))
    yield _timed("export", lambda: _export(workspace, store, curated))


def _timed(name: str, work: Callable[[], ResultT]) -> FinishedStep[ResultT]:
    started = perf_counter()
    result = work()
    return FinishedStep(name, result, perf_counter() - started)


def _import(workspace: Workspace, store: Store, progress: ProgressBar) -> ImportReport:
    settings = workspace.config.run
    return import_into(
        workspace,
        store,
        settings.sources,
        ReadOptions(language=settings.language),
        format=settings.format,
        mapping=settings.mapping,
        progress=progress,
    )


def _annotating(workspace: Workspace, store: Store, annotator: str, progress: ProgressBar) -> Callable[[], StageReport]:
    return lambda: annotate(workspace, store, annotator, progress=progress)


def _review(workspace: Workspace, store: Store, progress: ProgressBar) -> ReviewRound:
    server = start_server(workspace)
    return ReviewRound(server, push_records(workspace, store, progress=progress), pull_reviews(workspace, store))


def _freeze(workspace: Workspace, store: Store) -> CuratedSet:
    settings = workspace.config.run
    return freeze(workspace, store, name=settings.set_name, layers=[settings.layer], verdicts=settings.verdicts)


def _evaluate(workspace: Workspace, store: Store, curated: CuratedSet) -> Evaluations:
    """Every annotator and the adapter on the test split."""
    settings = workspace.config.run
    layers = [layer_name(kind_of(annotator)) for annotator in (*settings.annotators, layer_name(AuthorKind.ADAPTER))]
    return Evaluations(
        {
            layer: evaluate_layer(workspace, store, gold=settings.layer, predicted=layer, curated=curated.digest)
            for layer in layers
        }
    )


def _export(workspace: Workspace, store: Store, curated: CuratedSet) -> ExportFolders:
    exports = workspace.subfolder("exports")
    folders = {format: exports / f"{curated.name}-{curated.version}-{format}" for format in EXPORTS}
    for format, folder in folders.items():
        export(workspace, store, format, folder, curated=curated.digest)
    return ExportFolders(folders)


def sample_workspace(folder: Path, *, notify: Notify = not_notified) -> Workspace:
    """A workspace whose config runs over the shipped sample."""
    return Workspace.make(folder, {"run.sources": ("sample",), "run.format": "sample"}, notify=notify)
