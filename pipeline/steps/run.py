"""The pipeline by config: import, generate, annotate, translate, validate, review, freeze, train, evaluate, export.

It ends after the review where nobody has reviewed anything and there is no gold; the next run goes on from there.
Training, evaluation and export are done again only where something that they read has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Generic, TypeVar

from pydantic import JsonValue

from annotation.label_studio.exchange.pull import Pulled
from annotation.label_studio.exchange.push import Pushed
from annotation.label_studio.server.server import Server
from curation.author import CONSENSUS, GOLD, AuthorKind, is_human, kind_of, layer_name
from curation.egress.settings import PrivacyPolicy
from curation.errors import CurateError, NothingToGoByError, UsageError, no_such
from curation.generate.records import LANGUAGES
from curation.path_name import path_name
from curation.record import digest
from curation.sources.reading import ReadOptions
from curation.store import Store
from curation.store.sets import CuratedSet
from curation.translate.standing import carried_to
from pipeline.progress import Notify, ProgressBar, no_progress, not_notified
from pipeline.runner import StageReport
from pipeline.runs import done_before, recorded
from pipeline.steps.annotate import annotate
from pipeline.steps.deidentify import DeidentifyReport, deidentify
from pipeline.steps.evaluate import MEASURED, evaluate_layer
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.steps.generate import generate_into
from pipeline.steps.imports import ImportReport, import_into
from pipeline.steps.review.pull import pull_reviews
from pipeline.steps.review.push import push_records
from pipeline.steps.review.server import start_server
from pipeline.steps.train import train
from pipeline.steps.translate import TranslateReport, check_language, translate
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace
from training.trained import Trained
from training.trainers import chosen
from training.view_check import TrainingRefusedError
from validation.standing import Standing, standings
from validation.verdict import Verdicts

#: What `curate run` writes for others.
EXPORTS = ("hf", "chat")


@dataclass(frozen=True, slots=True)
class ReviewRound:
    """The server that runs, what went to it and what came back; no server of ours where review.url names another."""

    server: Server | None
    pushed: Pushed
    pulled: Pulled
    url: str = ""


@dataclass(frozen=True, slots=True)
class EvaluatedLayer:
    """The scores of a layer's entities, document labels and relations (if any) as JSON, and the page with them."""

    scores: dict[str, Any]
    labels: dict[str, Any]
    page: Path
    relations: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Each annotator's layer measured on the test split, by the layer's name."""

    by_layer: dict[str, EvaluatedLayer]


@dataclass(frozen=True, slots=True)
class ExportFolders:
    """The folders of a curated set that was exported, by format."""

    folders: dict[str, Path]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a step was not done."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why the run ends before its last step, and what people do next."""

    reason: str
    next_step: str


StepResult = (
    ImportReport
    | StageReport
    | TranslateReport
    | DeidentifyReport
    | Verdicts
    | ReviewRound
    | CuratedSet
    | Trained
    | Evaluations
    | ExportFolders
    | LeftOut
    | Waiting
)

ResultT = TypeVar("ResultT", bound=StepResult, covariant=True)


@dataclass(frozen=True, slots=True)
class FinishedStep(Generic[ResultT]):
    """A step's name, what it returned, its seconds, and whether an earlier run had done it already."""

    name: str
    result: ResultT
    seconds: float
    unchanged: bool = False


def run_steps(
    workspace: Workspace, store: Store, *, port: int | None = None, progress: ProgressBar = no_progress
) -> Iterator[FinishedStep[StepResult]]:
    """The steps in order, as the section [run] asks for them, each done when it is asked for.

    The last one is Waiting where there is no layer yet to freeze, or reviewers disagree.
    """
    settings = workspace.config.run
    path_name(settings.set_name, "a set")
    path_name(settings.adapter, "an adapter")
    _check_training(workspace)
    for language in settings.translate_to:
        check_language(workspace, language, where="run.translate_to: ")
    if settings.sources:
        yield _timed("import", lambda: _import(workspace, store, progress))
    yield _generate(workspace, store, progress)
    if not store.count_records():
        raise UsageError(
            "expected records, there are none: name files or folders in run.sources of curate.toml, bring some in with "
            "`curate import`, or make synthetic ones with run.generate"
        )
    is_before = settings.translate == "before_annotating"
    if is_before:
        yield from _translations(workspace, store, progress)
    annotators = []
    for annotator in settings.annotators:
        work = _annotating(workspace, store, annotator, progress, also_translated=is_before)
        yield (annotated := _timed(f"annotate {annotator}", work))
        if not isinstance(annotated.result, LeftOut):
            annotators.append(annotator)
    if workspace.config.validation.privacy.policy is PrivacyPolicy.REPLACE:
        yield _timed("deidentify", lambda: deidentify(workspace, store, progress=progress))
    if not is_before:
        yield from _translations(workspace, store, progress)
    _check_layer(settings.layer, store)
    first = _first_checked(workspace, store)
    yield _timed("validate", lambda: validate(workspace, store, layer=first, progress=progress))
    pulled = 0
    if settings.review:
        yield (reviewed := _timed("review", lambda: _review(workspace, store, port, progress)))
        pulled = reviewed.result.pulled.layers
    if (waiting := _waiting(workspace, store)) is not None:
        yield FinishedStep("waiting", waiting, 0.0)
        return
    for layer in reference_layers(workspace, store):
        if layer != first or pulled:
            yield _timed(f"validate {layer}", _validating(workspace, store, layer, progress))
    yield (frozen := _timed("freeze", lambda: _freeze(workspace, store)))
    yield from _after_freezing(workspace, store, frozen.result, annotators, progress)


def _after_freezing(
    workspace: Workspace, store: Store, curated: CuratedSet, annotators: Sequence[str], progress: ProgressBar
) -> Iterator[FinishedStep[StepResult]]:
    """Training, the adapter's layer, evaluation and export of a curated set."""
    layers = [layer_name(kind_of(annotator)) for annotator in annotators]
    trained = trained_or_left_out(workspace, store, curated, progress)
    yield trained
    if isinstance(trained.result, Trained):
        adapter = layer_name(AuthorKind.ADAPTER, str(trained.result.folder))
        yield _timed("annotate adapter", _annotating(workspace, store, adapter, progress))
        layers.append(layer_name(AuthorKind.ADAPTER))
    if curated.splits.get(MEASURED) and layers:
        yield _evaluate(workspace, store, curated, layers)
    else:
        lacking = "no annotator has a layer" if not layers else f"its split {MEASURED} has no record"
        reason = f"nothing to measure with {curated.name}@{curated.version}: {lacking}"
        yield FinishedStep("evaluate", LeftOut(reason), 0.0)
    yield _export(workspace, store, curated)


def reference_layers(workspace: Workspace, store: Store) -> tuple[str, ...]:
    """The layers to freeze, the best first: that of the settings, else gold, consensus, then people's own."""
    chosen = workspace.config.run.layer
    stored = store.layer_names()
    if chosen is not None:
        return (chosen,) if chosen in stored else ()
    return tuple(name for name in (GOLD, CONSENSUS, *filter(is_human, sorted(stored))) if name in stored)


def _check_layer(name: str | None, store: Store) -> None:
    """Raises UsageError for a layer to freeze that no record has, and that no review or annotator brings either."""
    known = store.layer_names()
    if name is not None and name not in known and kind_of(name) is AuthorKind.OTHER:
        raise UsageError(f"run.layer: {no_such('a layer of the store', name, known)}")


def _check_training(workspace: Workspace) -> None:
    """Raises UsageError for a training that the scheme or the settings do not allow, before hours of other steps."""
    task, _ = chosen(workspace.config.training, workspace.scheme)
    reads, own = workspace.config.annotation.adapter.reads, layer_name(AuthorKind.ADAPTER)
    if task == "relations" and reads in (None, own):
        raise UsageError(
            "expected in annotation.adapter.reads the layer between whose entities the adapter finds relations "
            f"(training.task = relations), another one than {own}, got {reads or 'none'}"
        )


def _first_checked(workspace: Workspace, store: Store) -> str | None:
    """The layer to check before the review: the one to freeze where every record has it, else the best of each."""
    layers = reference_layers(workspace, store)
    complete = len(layers) == 1 and store.layer_names()[layers[0]] == sum(store.count_records().values())
    return layers[0] if complete else None


def _waiting(workspace: Workspace, store: Store) -> Waiting | None:
    """Why nothing can be frozen yet; None where there is one layer for each record that has any."""
    settings = workspace.config.run
    layers = reference_layers(workspace, store)
    again = "then run `curate run` again: it goes on from here"
    if not layers and settings.layer is not None:
        names = ", ".join(store.layer_names()) or "none"
        return Waiting(
            f"no record has the layer {settings.layer} that run.layer names (layers: {names})",
            f"review the records as that person, or change run.layer; {again}",
        )
    if not layers:
        how = "review the records in Label Studio" if settings.review else "set run.review, or import reviewed records"
        counts = standings(store)
        if counts[Standing.QUARANTINED] + counts[Standing.REJECTED] == sum(counts.values()):
            how = "see with `curate quarantine list` why all records are set aside, and mend the cause or release them"
        return Waiting("nobody has reviewed a record yet, and there is no gold", f"{how}, {again}")
    settled = set(store.record_ids(having=[name for name in layers if not is_human(name)]))
    seen: set[str] = set()
    disputed: set[str] = set()
    for name in filter(is_human, layers):
        ids = set(store.record_ids(having=[name])) - settled
        disputed |= ids & seen
        seen |= ids
    if disputed:
        return Waiting(
            f"{len(disputed)} records were reviewed by several people",
            f"settle them with `curate review adjudicate settle`, or name one person's layer in run.layer; {again}",
        )
    return None


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


def _generate(
    workspace: Workspace, store: Store, progress: ProgressBar
) -> FinishedStep[ImportReport] | FinishedStep[LeftOut]:
    """The synthetic records that the settings ask for, made once: what was deleted since is not made again."""
    settings = workspace.config.run
    if not settings.generate:
        return FinishedStep("generate", LeftOut("run.generate asks for no synthetic records"), 0.0)
    others = tuple(language for language in LANGUAGES if language not in settings.translate_to)
    languages = settings.generate_languages or others or LANGUAGES
    inputs: dict[str, JsonValue] = {"cases": settings.generate, "languages": list(languages)}
    if done_before(store, "run generate", inputs) is not None:
        return FinishedStep("generate", ImportReport(), 0.0, unchanged=True)

    def generated() -> ImportReport:
        with recorded(workspace, store, "run generate", **inputs) as outcome:
            made = generate_into(
                workspace, store, settings.generate, languages=languages, seed=0, noise=0.0, progress=progress
            )
            outcome |= {"imported": made.imported, "unchanged": made.unchanged}
        return made

    return _timed("generate", generated)


def _translations(workspace: Workspace, store: Store, progress: ProgressBar) -> Iterator[FinishedStep[StepResult]]:
    """Records in each language of the settings; what hinders a translator is told, and ends no run."""
    settings = workspace.config.run
    if not settings.translate_to:
        yield FinishedStep("translate", LeftOut("run.translate_to names no language"), 0.0)
    # What the adapter says after the training, it says of each language by itself.
    own = {layer_name(AuthorKind.ADAPTER)}
    annotated = {layer_name(kind_of(annotator)) for annotator in settings.annotators}
    without = own | annotated if settings.translate == "before_annotating" else own - annotated

    def translating(to: str) -> Callable[[], TranslateReport | LeftOut]:
        def translated() -> TranslateReport | LeftOut:
            try:
                return translate(workspace, store, to, without=without, progress=progress)
            except CurateError as error:
                return LeftOut(str(error))

        return translated

    for language in dict.fromkeys(settings.translate_to):
        yield _timed(f"translate {language}", translating(language))


def _annotating(
    workspace: Workspace, store: Store, annotator: str, progress: ProgressBar, *, also_translated: bool = True
) -> Callable[[], StageReport | LeftOut]:
    """also_translated: whether translations are read that have the layer from their original."""

    def annotated() -> StageReport | LeftOut:
        translated = () if also_translated else workspace.config.run.translate_to
        left_out = carried_to(store, translated, layer_name(kind_of(annotator)))
        try:
            return annotate(workspace, store, annotator, left_out=left_out, progress=progress)
        except NothingToGoByError as error:
            return LeftOut(str(error))

    return annotated


def _validating(workspace: Workspace, store: Store, layer: str, progress: ProgressBar) -> Callable[[], Verdicts]:
    return lambda: validate(workspace, store, layer=layer, progress=progress)


def _review(workspace: Workspace, store: Store, port: int | None, progress: ProgressBar) -> ReviewRound:
    url = workspace.config.review.url
    server = start_server(workspace, port=port) if url is None else None
    pushed = push_records(workspace, store, progress=progress)
    return ReviewRound(server, pushed, pull_reviews(workspace, store), url=url or "")


def _freeze(workspace: Workspace, store: Store) -> CuratedSet:
    settings = workspace.config.run
    layers = reference_layers(workspace, store)
    return freeze(workspace, store, name=settings.set_name, layers=layers, verdicts=settings.verdicts)


def trained_or_left_out(
    workspace: Workspace, store: Store, curated: CuratedSet, progress: ProgressBar
) -> FinishedStep[Trained] | FinishedStep[LeftOut]:
    """The adapter of an earlier run where it learnt from the same set with the same settings, else a new one; left out
    where the set has nothing to tell apart, or annotations that would be lost: the set is exported all the same."""
    name = workspace.config.run.adapter
    try:
        step = _timed("train", lambda: train(workspace, store, name=name, curated=curated.digest, progress=progress))
    except (NothingToGoByError, TrainingRefusedError) as error:
        return FinishedStep("train", LeftOut(str(error)), 0.0)
    return replace(step, unchanged=step.result.unchanged)


def _evaluate(
    workspace: Workspace, store: Store, curated: CuratedSet, layers: Sequence[str]
) -> FinishedStep[Evaluations]:
    """Every annotator and the adapter on the test split; a layer that is as it was is not measured again."""
    gold = reference_layers(workspace, store)
    ids = [record.id for _, record, _ in store.set_members(curated.digest, split=MEASURED)]
    started = perf_counter()
    found: dict[str, EvaluatedLayer] = {}
    fresh = 0
    for layer in layers:
        versions = sorted(store.layer_digests(ids, [layer]).items())
        inputs: dict[str, JsonValue] = {
            "set": curated.digest,
            "reference": list(gold),
            "layer": layer,
            "scheme": workspace.scheme.digest,
            "versions": digest(versions),
        }
        earlier = done_before(store, "run evaluate", inputs)
        if earlier is not None and Path(page := str(earlier.get("page"))).is_file():
            found[layer] = EvaluatedLayer(
                earlier["scores"],  # type: ignore[arg-type]
                earlier["labels"],  # type: ignore[arg-type]
                Path(page),
                earlier.get("relations"),  # type: ignore[arg-type]
            )
            continue
        fresh += 1
        with recorded(workspace, store, "run evaluate", **inputs) as outcome:
            try:
                made = evaluate_layer(
                    workspace, store, gold=gold, predicted=layer, curated=curated.digest, split=MEASURED
                )
            except UsageError as error:  # it has learnt from all of them, or has no layer on them
                outcome["left_out"] = str(error)
                workspace.notify(f"evaluate {layer}: left out: {error}")
                continue
            labels: dict[str, Any] = {
                name: scores.model_dump(mode="json") for name, scores in made.report.labels.items()
            }
            linked = made.report.relations
            relations = linked.model_dump(mode="json") if linked else None
            found[layer] = EvaluatedLayer(made.report.entities.to_json(), labels, made.html, relations)
            outcome |= {
                "page": str(made.html),
                "scores": found[layer].scores,
                "labels": labels,
                "relations": relations,
            }
    return FinishedStep("evaluate", Evaluations(found), perf_counter() - started, unchanged=not fresh)


def _export(workspace: Workspace, store: Store, curated: CuratedSet) -> FinishedStep[ExportFolders]:
    """The set in each of EXPORTS; a folder that holds the same export already stays as it is."""
    exports = workspace.subfolder("exports")
    folders = {format: exports / f"{path_name(curated.name, 'a set')}-{curated.version}-{format}" for format in EXPORTS}
    started = perf_counter()
    fresh = 0
    for format, folder in folders.items():
        inputs: dict[str, JsonValue] = {
            "set": curated.digest,
            "format": format,
            "to": str(folder),
            "scheme": workspace.scheme.digest,
            "settings": digest(
                [
                    workspace.config.exports.model_dump(mode="json"),
                    workspace.config.validation.privacy.model_dump(mode="json"),
                ]
            ),
        }
        earlier = done_before(store, "run export", inputs)
        if earlier is not None and all(Path(str(path)).is_file() for path in earlier["files"]):  # type: ignore[union-attr]
            continue
        fresh += 1
        with recorded(workspace, store, "run export", **inputs) as outcome:
            outcome["files"] = [
                str(path) for path in export(workspace, store, format, folder, curated=curated.digest).files
            ]
    return FinishedStep("export", ExportFolders(folders), perf_counter() - started, unchanged=not fresh)


def sample_workspace(folder: Path, *, notify: Notify = not_notified) -> Workspace:
    """A workspace whose config runs over the shipped sample."""
    return Workspace.make(folder, {"run.sources": ("sample",), "run.format": "sample"}, notify=notify)
