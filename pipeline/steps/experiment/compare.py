"""Variants on one test split: adapters trained with other settings, prompts, annotators; whether they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.errors import ConfigError, UsageError, unknown_name
from curation.record import digest
from curation.scoring.paired import PairedDifference
from curation.scoring.scores import WITH_MODELS
from curation.store import Store
from pipeline.adapters import with_folder
from pipeline.config import Config, with_sections
from pipeline.foreign import check_workspace, with_places
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.spending import Caps
from pipeline.steps.annotate import before_annotating
from pipeline.steps.experiment.cell_tables import cells_table, figures_of_cells, languages_table, spent_total
from pipeline.steps.experiment.measured_cell import (
    CellTraining,
    MeasuredOn,
    NamedAnnotator,
    annotated_cell,
    trained_cell,
)
from pipeline.steps.experiment.predictions import stage_for
from pipeline.steps.experiment.training_records import TRAIN
from pipeline.steps.experiment.workplace import (
    DoneExperiment,
    Workplace,
    done,
    fixed_settings,
    measured_split,
    read_by,
    scoring_settings,
    workplace,
)
from pipeline.training_material import TrainingMaterial, training_material
from pipeline.workspace import Workspace
from training.experiments.curve_plot import bars_plot
from training.experiments.document_figures import chosen_figure
from training.experiments.grid import GridCell, OnProgress
from training.experiments.ledger import FinishedCell, MeasuredFigure, plain_cell
from training.experiments.plan import VARIANT
from training.experiments.result import ExperimentResult, ResultTable, interval_words
from training.experiments.variant_pairs import PairOfVariants, pooled_figures, variant_pairs
from training.experiments.variants import ComparedVariant, ComparedVariants, read_variants
from training.settings import TrainingSettings
from training.trained import former_fingerprints, training_fingerprint
from training.trainers import chosen, trainer

KIND = "compare"
#: Differences at least as probable by chance as this are not told as differences.
SIGNIFICANT = 0.05
#: Figures that stand beside the one that is looked at.
BESIDE = ("strict", "lenient", "facts", "rougeL", "bertscore f1", "validity")


@dataclass(frozen=True, slots=True)
class _PreparedVariant:
    """A variant with its settings, and the annotator that it names."""

    name: str
    config: Config
    #: What is learnt and by which model, and the digest of the files that the settings name; none for an annotator.
    trains: tuple[str, str, str] | None
    named: NamedAnnotator | None
    fixed: dict[str, JsonValue]
    identity: str = ""


def compare(
    workspace: Workspace,
    store: Store,
    variants: Path,
    *,
    name: str = KIND,
    curated: str | None = None,
    seeds: int = 1,
    split: str = "test",
    figure: str | None = None,
    asked: Sequence[str] = (),
    caps: Caps | None = None,
    keep: bool = False,
    progress: ProgressBar = no_progress,
) -> DoneExperiment:
    """The variants of a file on a split of a set, with what each took and whether they differ by more than chance.

    seeds: so many trainings of each variant that is trained. asked: scores that need a model, of WITH_MODELS. caps:
    where language models stop. Records that an annotator has seen before are left out for all. Raises UsageError and
    ConfigError for what does not fit.
    """
    for score in asked:
        if score not in WITH_MODELS:
            raise unknown_name("a score that needs a model", score, WITH_MODELS)
    if seeds < 1:
        raise UsageError(f"expected at least one seed, got {seeds}")
    given = read_variants(variants)
    material = training_material(workspace, store, curated)
    (chosen_set,) = material.sets
    split = measured_split(chosen_set, split)
    caps = caps or Caps()
    languages = Counter(record.language for record, _ in material.splits[split])
    prepared = [
        _prepared(workspace, store, key, variant, material, languages, caps) for key, variant in given.variants.items()
    ]
    if any(variant.trains for variant in prepared) and not chosen_set.splits.get(TRAIN):
        raise UsageError(f"expected training records in {material.name}, it has none")
    tasks = [variant.trains[0] for variant in prepared if variant.trains]
    labels = [label.name for label in material.scheme.labels]
    task = tasks[0] if tasks else chosen(workspace.config.training, material.scheme)[0]
    wanted = chosen_figure(figure, task, labels, asked=asked)
    fixed: dict[str, JsonValue] = {
        "set": f"{material.name} ({chosen_set.digest})",
        "scheme": material.scheme.digest,
        "split": split,
        "with": list(asked),
        **scoring_settings(workspace.config.curation.scoring),
    }
    for variant in prepared:
        fixed |= {f"{VARIANT}{variant.name}.{key}": value for key, value in variant.fixed.items()}
    inputs: dict[str, JsonValue] = {"name": name, "set": chosen_set.digest, "variants": list(given.variants)}
    with (
        recorded(workspace, store, f"experiment {KIND}", **inputs) as outcome,
        workplace(workspace, store, KIND, name, fixed, progress=progress, keep=keep) as place,
    ):
        place.run = outcome.run
        on = MeasuredOn(material.splits[split], chosen_set.splits[split], asked)
        cells, runs = _cells(prepared, material, on, seeds, split)

        def run(cell: GridCell, advance: OnProgress) -> FinishedCell:
            how = runs[cell.key]
            if isinstance(how, NamedAnnotator):
                return annotated_cell(place, cell, advance, how, on)
            return trained_cell(place, cell, advance, how, on)

        finished = place.finished(cells, run)
        found = done(place, _result(place, name, given, finished, material.name, split, wanted))
        outcome |= {
            "page": str(found.page),
            "cells": len(finished),
            "answers": list(found.result.answers),
            **place.kept,
        }
    return found


def _prepared(
    workspace: Workspace,
    store: Store,
    name: str,
    variant: ComparedVariant,
    material: TrainingMaterial,
    languages: Mapping[str, int],
    caps: Caps,
) -> _PreparedVariant:
    """languages: of the records that are measured, with their numbers."""
    try:
        config = with_places(workspace.folder, with_sections(workspace.config, variant.sections))
        check_workspace(workspace.folder, config)
    except ConfigError as error:
        raise UsageError(f"variant {name}: {str(error).splitlines()[0]}") from error
    if variant.spoken is not None:
        examples = material.sets[0].digest if variant.examples else None
        spoken = with_folder(workspace, variant.spoken)
        named = NamedAnnotator(spoken, config.annotation, examples, caps)
        stage = stage_for(workspace, store, spoken, config.annotation, examples=examples)
        for line in before_annotating(spoken, stage, material.scheme, languages):
            workspace.notify(f"{name}: {line}")
        given = variant.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return _PreparedVariant(name, config, None, named, given, stage.fingerprint)
    settings, scheme = config.training, material.scheme
    fits = trainer(settings, scheme)
    fits.check(material.splits[TRAIN], scheme, settings, None).require(settings)
    learns = (*chosen(settings, scheme), fits.identity(settings))
    fixed = fixed_settings(config, learns[1], notify=workspace.notify)
    return _PreparedVariant(name, config, learns, None, {"with": "training", **fixed})


def _cells(
    prepared: Sequence[_PreparedVariant], material: TrainingMaterial, on: MeasuredOn, seeds: int, split: str
) -> tuple[list[GridCell], dict[str, CellTraining | NamedAnnotator]]:
    """The cells in their order, and how each is made."""
    cells: list[GridCell] = []
    runs: dict[str, CellTraining | NamedAnnotator] = {}
    for variant in prepared:
        content = [*material.content, split, list(on.asked)]
        if variant.named is not None:
            parameters: dict[str, JsonValue] = {"variant": variant.name, "seed": None}
            cells.append(GridCell(variant.name, parameters, digest([variant.identity, *content]), on.records))
            runs[variant.name] = variant.named
            continue
        assert variant.trains is not None
        for seed in range(variant.config.training.seed, variant.config.training.seed + seeds):
            settings = variant.config.training.model_copy(update={"seed": seed})
            read = read_by(variant.config.annotation, variant.trains[1])
            cell = _trained(variant, settings, material, [*content, read], on.records)
            cells.append(cell)
            runs[cell.key] = CellTraining(
                settings,
                material.splits[TRAIN],
                material.splits["validation"],
                material.sets[0].splits[TRAIN],
                annotation=variant.config.annotation,
            )
    return cells, runs


def _trained(
    variant: _PreparedVariant,
    settings: TrainingSettings,
    material: TrainingMaterial,
    content: Sequence[object],
    measured: int,
) -> GridCell:
    return GridCell(
        key=f"{variant.name}-seed-{settings.seed}",
        parameters={"variant": variant.name, "seed": settings.seed},
        content=training_fingerprint(settings, [*content, *(variant.trains or ())]),
        former=former_fingerprints(settings, [*content, *(variant.trains or ())]),
        size=material.sets[0].splits[TRAIN] * settings.epochs + measured,
    )


@dataclass(frozen=True, slots=True)
class _MeasuredVariants:
    """The cells that have figures, by variant, and the documents that are left out for all."""

    place: Workplace
    cells: Sequence[FinishedCell]
    figure: str

    @property
    def there(self) -> list[FinishedCell]:
        """The cells that have figures."""
        return [cell for cell in self.cells if cell.left_out is None]

    @property
    def seen(self) -> dict[str, str]:
        """Documents that were seen before, by digest, each with a cell whose annotator knows it."""
        return {document: cell.key for cell in self.cells for document in _seen(cell)}

    @property
    def files(self) -> dict[str, list[Path]]:
        """The files of counts of each variant."""
        found: dict[str, list[Path]] = {}
        for cell in self.there:
            found.setdefault(str(cell.parameters["variant"]), []).append(self.place.documents(cell.key))
        return found

    def figures(self) -> dict[str, dict[str, MeasuredFigure]]:
        """The figures of each variant over the documents that none has seen, the best variant first."""
        without = frozenset(self.seen)
        if any(cell.documents <= len(without) for cell in self.there):
            seers = ", ".join(sorted(set(self.seen.values())))
            raise UsageError(f"expected test records that no annotator has seen before, got none: {seers}")
        found = {
            variant: pooled_figures(files, without, self.place.resampling).totals
            for variant, files in self.files.items()
        }

        def rank(variant: str) -> float:
            figure = found[variant].get(self.figure)
            return 1.0 if figure is None or figure.value is None else -figure.value

        return {variant: found[variant] for variant in sorted(found, key=rank)}

    def notes(self) -> Iterator[str]:
        """What was left out, a line each."""
        if seen := self.seen:
            seers = ", ".join(sorted(set(seen.values())))
            yield f"{len(seen)} records were seen before by {seers}: they are left out for all"
        yield from (f"{cell.key}: {cell.left_out}" for cell in self.cells if cell.left_out)
        yield from (
            f"{cell.key}: {cell.failed} records got no answer that can be read, or no whole one"
            for cell in self.there
            if cell.failed
        )


def _result(
    place: Workplace,
    name: str,
    given: ComparedVariants,
    cells: Sequence[FinishedCell],
    of: str,
    split: str,
    figure: str,
) -> ExperimentResult:
    known = figures_of_cells(cells, figure)
    measured = _MeasuredVariants(place, cells, figure)
    figures, files, without = measured.figures(), measured.files, frozenset(measured.seen)
    baseline = given.baseline if given.baseline in files else None
    pairs = variant_pairs(files, figure, baseline=baseline, without=without, resampling=place.resampling)
    documents = max((cell.documents for cell in measured.there), default=0) - len(without)
    about = [
        f"{of}: {documents:,} records of the split {split}, the same for all",
        spent_total(cells),
        *measured.notes(),
    ]
    tables = [
        _variants_table(measured, figures, known),
        ResultTable(
            "pairs",
            f"{figure}: differences on the same documents",
            ("a", "b", "b - a", "95 %", "p", "p for all pairs"),
            [row for pair in pairs if (row := _pair_row(pair, figure))],
            "p: how often a difference at least as large comes out when sides are swapped at random; for all pairs: "
            "adjusted for their number (Holm).",
        ),
        languages_table(measured.there, figure, by=lambda cell: str(cell.parameters["variant"]), head="variant"),
        cells_table(cells, ("variant", "seed"), known),
    ]
    plots = [bars_plot({variant: found[figure] for variant, found in figures.items() if figure in found}, figure)]
    content: dict[str, Any] = {
        "figure": figure,
        "baseline": baseline,
        "variants": {
            variant: {key: found.model_dump(mode="json") for key, found in totals.items()}
            for variant, totals in figures.items()
        },
        "pairs": [
            {"a": pair.a, "b": pair.b, "differences": [row.model_dump(mode="json") for row in _rows(pair)]}
            for pair in pairs
        ],
        "cells": [plain_cell(cell) for cell in cells],
    }
    return ExperimentResult(KIND, name, about, _answers(figures, pairs, figure), tables, plots, content)


def _rows(pair: PairOfVariants) -> list[PairedDifference]:
    return list(pair.differences.values())


def _variants_table(
    measured: _MeasuredVariants, figures: Mapping[str, Mapping[str, MeasuredFigure]], known: Sequence[str]
) -> ResultTable:
    shown = list(dict.fromkeys((measured.figure, *(name for name in BESIDE if name in known))))
    files = measured.files
    rows = [
        (
            variant,
            len(files[variant]),
            *(totals[name].value if name in totals else None for name in shown),
            interval_words(totals[measured.figure].interval) if measured.figure in totals else "-",
            _mean_seconds(measured.there, variant),
        )
        for variant, totals in figures.items()
    ]
    head = ("variant", "seeds", *shown, f"{measured.figure}, 95 %", "seconds a cell")
    note = "Figures from the counts of all seeds together; intervals over test documents (by patient)."
    return ResultTable("variants", "Variants", head, rows, note)


def _seen(cell: FinishedCell) -> list[str]:
    found = cell.details.get("seen_documents")
    return [str(document) for document in found] if isinstance(found, list) else []


def _mean_seconds(cells: Sequence[FinishedCell], variant: str) -> float:
    spent = [cell.spent.seconds for cell in cells if cell.parameters["variant"] == variant]
    return round(sum(spent) / len(spent), 1)


def _pair_row(pair: PairOfVariants, figure: str) -> tuple[str | float | None, ...] | None:
    if (found := pair.differences.get(figure)) is None:
        return None
    return (pair.a, pair.b, found.difference, interval_words(found.interval), found.p, found.p_adjusted)


def _answers(
    figures: Mapping[str, Mapping[str, MeasuredFigure]], pairs: Sequence[PairOfVariants], figure: str
) -> list[str]:
    """Which is best, and from which of the others it differs by more than chance."""
    best = next(iter(figures), None)
    if best is None or (found := figures[best].get(figure)) is None or found.value is None:
        return []
    interval = f" (95 %: {interval_words(found.interval)})" if found.interval else ""
    lines = [f"best by {figure}: {best}, {found.value:.3f}{interval}"]
    for pair in pairs:
        difference = pair.differences.get(figure)
        if difference is None or difference.difference is None:
            continue
        p, gap = difference.p_adjusted, difference.difference
        better, worse = (pair.b, pair.a) if gap > 0 else (pair.a, pair.b)
        if p is None:
            lines.append(f"{better} is {abs(gap):.3f} above {worse}; too few patients to tell whether by chance")
        elif p < SIGNIFICANT:
            lines.append(f"{better} is better than {worse} by {abs(gap):.3f} (p {p:.3f})")
        else:
            lines.append(f"{pair.a} and {pair.b} differ by {abs(gap):.3f}, which may be chance (p {p:.3f})")
    return lines
