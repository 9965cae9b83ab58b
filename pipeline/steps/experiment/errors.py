"""What one or two layers get wrong against the trusted one: by kind, category and language, with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from curation.author import GOLD, AuthorKind, kind_of
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme_change import refuse_foreign
from curation.store import Store
from pipeline.adapters import with_folder, with_layer
from pipeline.measured_records import MeasuredRecord, MeasuredRecords, OnlyRecords, survey
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.seen_records import seen_records
from pipeline.steps.annotate import before_annotating
from pipeline.steps.evaluate import author_notes, foreign_of, require_measured, split_of, unlearnt
from pipeline.steps.experiment.predictions import Predictions, stage_for
from pipeline.steps.experiment.task_links import task_links
from pipeline.steps.experiment.workplace import DoneExperiment, done, workplace
from pipeline.workspace import Workspace
from training.experiments.curve_plot import counts_plot
from training.experiments.error_excerpts import excerpt, places
from training.experiments.error_kinds import ErrorKind, LayerError, LayerErrors, layer_errors
from training.experiments.result import ExperimentResult, MarkedExcerpt, ResultTable, Value

KIND = "errors"
#: Examples of each kind and category of each layer.
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ErrorExample:
    """An error on a record; parts: the words around, where they were asked for."""

    layer: str
    record_id: str
    language: str
    error: LayerError
    parts: Sequence[tuple[str, str]] = ()


@dataclass
class CountedErrors:
    """What one layer gets wrong."""

    right: int = 0
    records: int = 0
    wrong_records: int = 0
    relations: int = 0
    labels: int = 0
    #: By kind, what it is counted under, and language.
    counts: Counter[tuple[ErrorKind, str, str]] = field(default_factory=Counter)
    #: Of wrong categories and labels: the trusted name and the other one.
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def by(self, *parts: int) -> Counter[tuple[str, ...]]:
        """The counts by some of kind (0), name (1) and language (2)."""
        found: Counter[tuple[str, ...]] = Counter()
        for key, count in self.counts.items():
            found[tuple(str(key[part]) for part in parts)] += count
        return found


def errors(
    workspace: Workspace,
    store: Store,
    layers: Sequence[str],
    *,
    name: str = KIND,
    gold: Sequence[str] = (GOLD,),
    curated: str | None = None,
    split: str | None = None,
    excerpts: int | None = None,
    training_records: bool = False,
    progress: ProgressBar = no_progress,
) -> DoneExperiment:
    """The errors of one or two layers against the trusted one, of several the first that a record has.

    layers: of the store, or adapters (adapter:NAME) that annotate now, and store nothing. excerpts: examples with their
    words on the page, at most; unset, as many as training.excerpts says. Records that an author has learnt from are
    left out, unless ``training_records``. Raises UsageError as `evaluate_layer`.
    """
    if not 1 <= len(layers) <= 2 or len(set(layers)) < len(layers):
        raise UsageError(f"expected one layer or adapter, or two of them, got {', '.join(layers) or 'none'}")
    split = split_of(curated, split)
    shown = workspace.config.training.excerpts if excerpts is None else excerpts
    stored = [with_layer(store, spoken) for spoken in layers]
    there = store.layer_names()
    asked = [spoken for spoken in stored if spoken not in there and kind_of(spoken) is AuthorKind.ADAPTER]
    store.require_layers([*gold, *(spoken for spoken in stored if spoken not in asked)])
    inputs: dict[str, JsonValue] = {"name": name, "layers": list(layers), "gold": list(gold), "set": curated}
    with (
        recorded(workspace, store, f"experiment {KIND}", **inputs, split=split) as outcome,
        workplace(workspace, store, KIND, name, {}) as place,
    ):
        with store.snapshot() as known:
            records = MeasuredRecords(known, gold, stored, curated, split)
            found = survey(records, workspace.scheme)
            for spoken in stored:
                if spoken not in asked:
                    require_measured(found, spoken)
            made = _predicted(workspace, store, asked, records, progress, outcome.run)
            authors = {**found.authors, **{layer.author: layer for layer in made.authors}}
            seen = seen_records(workspace, store, authors.values(), OnlyRecords(records))
            left_out = {} if training_records else seen.taught
            reference = unlearnt(found, " or ".join(layers), seen, left_out)
            refuse_foreign(foreign_of(found, reference), workspace.scheme)
            measured = (record for record in records if record.record.id in reference.chosen)
            counted = _counted(measured, stored, made, workspace, shown)
        links = task_links(workspace, store, [example.record_id for example in counted.examples])
        notes = [f"Reference: {reference}.", *author_notes(reference, found, seen, len(left_out))]
        notes += _never_given(counted)
        result = _result(name, counted, links, notes)
        finished = done(place, result)
        outcome |= {"page": str(finished.page), "answers": list(result.answers)}
    return finished


@dataclass
class _AnnotatedNow:
    """Layers that adapters wrote now, by the adapter and the record."""

    layers: dict[tuple[str, str], Layer] = field(default_factory=dict)
    authors: list[Layer] = field(default_factory=list)


def _predicted(
    workspace: Workspace,
    store: Store,
    asked: Sequence[str],
    records: MeasuredRecords,
    progress: ProgressBar,
    run: int,
) -> _AnnotatedNow:
    made = _AnnotatedNow()
    for spoken in asked:
        named = with_folder(workspace, spoken)
        stage = stage_for(workspace, store, named, workspace.config.annotation, run=run)
        languages = Counter(found.record.language for found in records if found.gold is not None)
        for line in before_annotating(named, stage, workspace.scheme, languages):
            workspace.notify(line)
        pairs = ((found.record, found.gold) for found in records if found.gold is not None)
        with progress(f"{spoken} (records)", None) as advance:
            predictions = Predictions(workspace, store, stage, pairs, advance=advance)
            for document in predictions:
                if document.predicted is not None:
                    made.layers[spoken, document.record.id] = document.predicted
        made.authors += predictions.authors.values()
    return made


@dataclass
class _Counted:
    """The errors of each layer, those that both make, and examples."""

    by_layer: dict[str, CountedErrors] = field(default_factory=dict)
    both: int = 0
    examples: list[ErrorExample] = field(default_factory=list)


def _counted(
    records: Iterator[MeasuredRecord], layers: Sequence[str], made: _AnnotatedNow, workspace: Workspace, shown: int
) -> _Counted:
    found = _Counted({spoken: CountedErrors() for spoken in layers})
    examples: Counter[tuple[str, ErrorKind, str]] = Counter()
    for record, gold, predicted, _ in records:
        assert gold is not None
        sides: list[Counter[Any]] = []
        for spoken in layers:
            layer = predicted.get(spoken) or made.layers.get((spoken, record.id))
            wrong = layer_errors(gold, layer, workspace.scheme)
            _add(found.by_layer[spoken], record, layer, wrong)
            sides.append(Counter(error.identity for error in wrong.errors))
            for error in wrong.errors:
                examples[spoken, error.kind, error.name] += 1
                if examples[spoken, error.kind, error.name] <= EXAMPLES:
                    parts = excerpt(record.text, error) if shown else ()
                    found.examples.append(ErrorExample(spoken, record.id, record.language, error, parts))
        if len(sides) == 2:
            found.both += (sides[0] & sides[1]).total()
    with_words = 0
    for number, example in enumerate(found.examples):
        with_words += bool(example.parts)
        if with_words > shown and example.parts:
            found.examples[number] = ErrorExample(example.layer, example.record_id, example.language, example.error)
    return found


def _add(counted: CountedErrors, record: Record, layer: Layer | None, wrong: LayerErrors) -> None:
    counted.records += 1
    counted.right += wrong.right
    counted.wrong_records += bool(wrong.errors)
    counted.relations += len(layer.relations) if layer else 0
    counted.labels += len(layer.labels) if layer else 0
    for error in wrong.errors:
        counted.counts[error.kind, error.name, record.language] += 1
        if error.kind in (ErrorKind.CATEGORY, ErrorKind.BOTH, ErrorKind.RELATION_TYPE, ErrorKind.LABEL):
            counted.confused[error.trusted, error.predicted or "none"] += 1


def _never_given(counted: _Counted) -> Iterator[str]:
    """A line for what a layer never says, all of which counts as its errors."""
    for layer, found in counted.by_layer.items():
        for given, kind, what in (
            (found.relations, ErrorKind.RELATION_MISSED, "relation"),
            (found.labels, ErrorKind.LABEL, "document label"),
        ):
            if not given and (count := found.by(0)[kind,]):
                yield f"{layer} gives no {what} at all: {count:,} of its errors are these"


def _result(name: str, counted: _Counted, links: Mapping[str, str], notes: Sequence[str]) -> ExperimentResult:
    layers = list(counted.by_layer)
    kinds = [kind for kind in ErrorKind if any(found.by(0)[kind,] for found in counted.by_layer.values())]
    answers = [_answer(layer, found) for layer, found in counted.by_layer.items()]
    if len(layers) == 2:
        answers.append(f"{counted.both:,} errors are the same in both")
    by_kind = [(kind.value, *(found.by(0)[kind,] for found in counted.by_layer.values())) for kind in kinds]
    tables = [
        ResultTable("kinds", "Errors by kind", ("kind", *layers), by_kind),
        _names_table(counted, kinds),
        _languages_table(counted, kinds),
        ResultTable(
            "confused",
            "What is taken for what",
            ("layer", "trusted", "in the layer", "times"),
            [
                (layer, *pair, count)
                for layer, found in counted.by_layer.items()
                for pair, count in found.confused.most_common()
            ],
        ),
        _examples_table(counted, links),
    ]
    plots = [
        counts_plot(_for_plot(found, kinds), f"Errors of {layer}", f"errors-{number}")
        for number, (layer, found) in enumerate(counted.by_layer.items(), start=1)
        if found.counts
    ]
    content: dict[str, Any] = {
        "layers": {
            layer: {
                "records": found.records,
                "records_with_errors": found.wrong_records,
                "right": found.right,
                "kinds": {kind.value: found.by(0)[kind,] for kind in kinds},
                "by_name": _nested(found.by(1, 0)),
                "by_language": _nested(found.by(2, 0)),
                "confused": [
                    {"trusted": ours, "predicted": theirs, "times": count}
                    for (ours, theirs), count in found.confused.most_common()
                ],
            }
            for layer, found in counted.by_layer.items()
        },
        "both": counted.both if len(layers) == 2 else None,
        "examples": [_plain(example, links) for example in counted.examples],
    }
    marked = [
        MarkedExcerpt(_title(example), example.parts, links.get(example.record_id))
        for example in counted.examples
        if example.parts
    ]
    return ExperimentResult(KIND, name, list(notes), answers, tables, plots, content, marked)


def _answer(layer: str, found: CountedErrors) -> str:
    total = found.counts.total()
    if not total:
        return f"{layer}: no errors in {found.records:,} records ({found.right:,} entities right)"
    (most,), count = found.by(0).most_common(1)[0]
    return (
        f"{layer}: {total:,} errors in {found.wrong_records:,} of {found.records:,} records, {found.right:,} entities "
        f"right; most are {most} ({count:,}, {count / total:.0%})"
    )


def _nested(counts: Counter[tuple[str, ...]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (outer, inner), count in sorted(counts.items()):
        found.setdefault(outer, {})[inner] = count
    return found


def _names_table(counted: _Counted, kinds: Sequence[ErrorKind]) -> ResultTable:
    rows: list[tuple[Value, ...]] = [
        (layer, name, *(counts.get(kind.value, 0) for kind in kinds))
        for layer, found in counted.by_layer.items()
        for name, counts in _nested(found.by(1, 0)).items()
    ]
    return ResultTable("names", "By category, relation type or label", ("layer", "name", *kinds), rows)


def _languages_table(counted: _Counted, kinds: Sequence[ErrorKind]) -> ResultTable:
    rows: list[tuple[Value, ...]] = [
        (layer, language, *(counts.get(kind.value, 0) for kind in kinds))
        for layer, found in counted.by_layer.items()
        for language, counts in _nested(found.by(2, 0)).items()
    ]
    return ResultTable("languages", "By language", ("layer", "language", *kinds), rows)


def _examples_table(counted: _Counted, links: Mapping[str, str]) -> ResultTable:
    rows = [
        (
            example.layer,
            example.record_id,
            example.error.kind.value,
            example.error.name,
            example.error.predicted,
            places(example.error.trusted_spans),
            places(example.error.predicted_spans),
            links.get(example.record_id, ""),
        )
        for example in counted.examples
    ]
    head = ("layer", "record", "kind", "name", "in the layer", "trusted at", "in the layer at", "Label Studio")
    note = "Places are code points of the record's text. `curate records show RECORD` shows it."
    return ResultTable("examples", "Examples", head, rows, note)


def _plain(example: ErrorExample, links: Mapping[str, str]) -> dict[str, JsonValue]:
    """An example without any wording."""
    error = example.error
    return {
        "layer": example.layer,
        "record": example.record_id,
        "language": example.language,
        "kind": error.kind.value,
        "name": error.name,
        "trusted": error.trusted,
        "predicted": error.predicted,
        "trusted_spans": [list(span) for span in error.trusted_spans],
        "predicted_spans": [list(span) for span in error.predicted_spans],
        "link": links.get(example.record_id),
    }


def _title(example: ErrorExample) -> str:
    error = example.error
    other = f" as {error.predicted}" if error.predicted not in ("", error.name) else ""
    return f"{example.layer}, {example.record_id}: {error.kind.value}, {error.name}{other}"


def _for_plot(found: CountedErrors, kinds: Sequence[ErrorKind]) -> dict[str, dict[str, int]]:
    names = _nested(found.by(1, 0))
    return {name: {kind.value: counts.get(kind.value, 0) for kind in kinds} for name, counts in names.items()}
