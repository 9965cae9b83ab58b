"""The whole way by config: import, annotate, validate, review, freeze, train, evaluate, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from pydantic import JsonValue

from curation.sources.reading import ReadOptions
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.commands.output import say
from pipeline.steps.deidentify import deidentify
from pipeline.steps.evaluate import evaluate_layer
from pipeline.steps.imports import import_into
from pipeline.steps.review import pull_reviews, push_records, start_server
from pipeline.steps.stages import annotate, export, freeze, train
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace
from validation.settings import PrivacyPolicy

#: What `curate run` writes for others.
EXPORTS = ("hf", "chat")


@dataclass
class Way:
    """What one walk has at hand, and what it leaves for the end."""

    workspace: Workspace
    store: Store
    ends: dict[str, str] = field(default_factory=dict)
    figures: dict[str, JsonValue] = field(default_factory=dict)
    curated: CuratedSet | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, and what it does; it returns what it counted."""

    name: str
    do: Callable[[Way], dict[str, JsonValue]]


def import_step(way: Way) -> dict[str, JsonValue]:
    """The configured sources into the store."""
    settings = way.workspace.config.run
    options = ReadOptions(language=settings.language)
    report = import_into(
        way.workspace, way.store, settings.sources, options, format=settings.format, mapping=settings.mapping
    )
    return {"imported": report.imported, "unchanged": report.unchanged, "problems": report.problems_in_all}


def annotate_step(annotator: str) -> Step:
    """One annotator over all records."""

    def do(way: Way) -> dict[str, JsonValue]:
        return annotate(way.workspace, way.store, annotator).as_json()

    return Step(f"annotate {annotator}", do)


def deidentify_step(way: Way) -> dict[str, JsonValue]:
    """New records in the place of those that hold identifiers."""
    report = deidentify(way.workspace, way.store)
    return {"records with identifiers": report.holding, "made": report.made, "unchanged": report.there}


def validate_step(way: Way) -> dict[str, JsonValue]:
    """Measures, Great Expectations, decisions."""
    verdicts = validate(way.workspace, way.store, layer=way.workspace.config.run.layer)
    way.ends |= {"validation report": str(verdicts.report), "data docs": str(verdicts.data_docs)}
    return dict(verdicts.counts)


def review_step(way: Way) -> dict[str, JsonValue]:
    """Label Studio up, records in it, and what people have said there back."""
    server = start_server(way.workspace)
    way.ends["Label Studio"] = f"{server.url} (login {server.login}, password {server.password})"
    pushed = push_records(way.workspace, way.store)
    pulled = pull_reviews(way.workspace, way.store)
    return {"pushed": pushed.created, "pulled": pulled.layers}


def freeze_step(way: Way) -> dict[str, JsonValue]:
    """The curated set."""
    settings = way.workspace.config.run
    way.curated = freeze(
        way.workspace, way.store, name=settings.set_name, layers=[settings.layer], verdicts=settings.verdicts
    )
    way.ends["curated set"] = f"{way.curated.name}@{way.curated.version}"
    return dict(way.curated.splits)


def train_step(way: Way) -> dict[str, JsonValue]:
    """The adapter, and its layer on every record."""
    name = way.workspace.config.run.adapter
    assert way.curated is not None
    trained = train(way.workspace, way.store, name=name, curated=way.curated.digest)
    way.ends["adapter"] = str(trained.folder)
    return {"seconds": trained.manifest.seconds}


def adapter_step(way: Way) -> dict[str, JsonValue]:
    """The adapter as an annotator: the loop closes."""
    return annotate(way.workspace, way.store, f"adapter:{way.ends['adapter']}").as_json()


def evaluate_step(way: Way) -> dict[str, JsonValue]:
    """Every annotator and the adapter on the test split."""
    assert way.curated is not None
    for annotator in (*way.workspace.config.run.annotators, "adapter"):
        layer = annotator.partition(":")[0]
        done = evaluate_layer(
            way.workspace,
            way.store,
            gold=way.workspace.config.run.layer,
            predicted=layer,
            curated=way.curated.digest,
        )
        way.ends[f"evaluation of {layer}"] = str(done.html)
        way.figures[layer] = done.report.entities.to_json()
    return {layer: _micro(scores) for layer, scores in way.figures.items()}


def export_step(way: Way) -> dict[str, JsonValue]:
    """The curated set for others."""
    assert way.curated is not None
    for format in EXPORTS:
        to = way.workspace.place("exports") / f"{way.curated.name}-{way.curated.version}-{format}"
        export(way.workspace, way.store, format, to, curated=way.curated.digest)
        way.ends[f"exported set ({format})"] = str(to)
    return {"formats": list(EXPORTS)}


def steps(workspace: Workspace) -> list[Step]:
    """The steps in order, as the workspace's settings ask for them."""
    settings = workspace.config.run
    replaces = workspace.config.validation.privacy.policy is PrivacyPolicy.REPLACE
    return [
        *([Step("import", import_step)] if settings.sources else []),
        *(annotate_step(annotator) for annotator in settings.annotators),
        *([Step("deidentify", deidentify_step)] if replaces else []),
        Step("validate", validate_step),
        *([Step("review", review_step)] if settings.review else []),
        Step("freeze", freeze_step),
        Step("train", train_step),
        Step("annotate adapter", adapter_step),
        Step("evaluate", evaluate_step),
        Step("export", export_step),
    ]


def walk(way: Way) -> dict[str, float]:
    """Go all the way, say each step with its seconds, and give the seconds by step."""
    taken = {}
    for step in steps(way.workspace):
        started = perf_counter()
        counted = step.do(way)
        taken[step.name] = perf_counter() - started
        told = ", ".join(f"{name} {value}" for name, value in counted.items() if name != "stage")
        say(f"{step.name}: {taken[step.name]:.1f} s ({told})")
    return taken


def _micro(scores: JsonValue) -> JsonValue:
    assert isinstance(scores, dict)
    strict, lenient = (scores[mode]["micro"]["f1"] for mode in ("strict", "lenient"))  # type: ignore[index,call-overload]
    return {"strict_f1": strict, "lenient_f1": lenient}


def sample_workspace(folder: Path) -> Workspace:
    """A workspace whose config walks the shipped sample."""
    return Workspace.make(folder, {"run.sources": ("sample",), "run.format": "sample"})
