"""How good a trainer is with fewer records: nested sizes of a set's training side, several seeds, and a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from curation.errors import UsageError
from curation.record import digest
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.experiment.cell_tables import cells_table, figures_of_cells, languages_table, spent_total
from pipeline.steps.experiment.measured_cell import CellTraining, MeasuredOn, trained_cell
from pipeline.steps.experiment.training_records import TRAIN, SomePairs, training_records
from pipeline.steps.experiment.workplace import (
    DoneExperiment,
    Workplace,
    done,
    fixed_settings,
    measured_split,
    scoring_settings,
    workplace,
)
from pipeline.training_material import TrainingMaterial, set_name, training_material
from pipeline.workspace import Workspace
from training.experiments.curve_plot import curve_plot
from training.experiments.document_figures import chosen_figure, group_counts
from training.experiments.grid import GridCell, OnProgress
from training.experiments.learning_curve import CurvePoint, FittedCurve, fitted_curve, floor_note
from training.experiments.ledger import FinishedCell, plain_cell
from training.experiments.result import ExperimentResult, ResultTable, interval_words
from training.settings import TrainingSettings
from training.trained import former_fingerprints, training_fingerprint
from training.trainers import chosen, trainer

KIND = "learning-curve"
#: Of the sizes that are taken where none are named, each is half of the next, down to this one.
SMALLEST, MOST = 10, 6


def learning_curve(
    workspace: Workspace,
    store: Store,
    *,
    name: str = KIND,
    curated: str | None = None,
    sizes: Sequence[int | None] = (),
    seeds: int = 3,
    split: str = "test",
    figure: str | None = None,
    reach: Sequence[float] = (),
    gains: Sequence[tuple[int, int]] = (),
    keep: bool = False,
    progress: ProgressBar = no_progress,
) -> DoneExperiment:
    """The figures of adapters that are trained on nested parts of a set, by their sizes, on one of its other splits.

    sizes: of the training records, None for all of them; none given, the whole and halves of it. seeds: so many draws
    and trainings of each size. figure: the one that the curve is of. reach: values of it to tell the number of records
    for. gains: pairs of sizes to compare. keep: the adapters stay. What was measured under the name before is not
    measured again. Raises UsageError for what does not fit, such as a size above that of the set.
    """
    settings, material = workspace.config.training, training_material(workspace, store, curated)
    (chosen_set,), scheme = material.sets, material.scheme
    split = measured_split(chosen_set, split)
    task, model = chosen(settings, scheme)
    records = training_records(chosen_set, material.splits[TRAIN], scheme, task)
    wanted = chosen_figure(figure, task, [label.name for label in scheme.labels])
    asked = _sizes(sizes, len(records), chosen_set)
    _check(asked, seeds, reach, gains)
    fits = trainer(settings, scheme)
    fits.check(material.splits[TRAIN], scheme, settings, None).require(settings)
    identity = fits.identity(settings)
    fixed: dict[str, JsonValue] = {
        "set": f"{material.name} ({chosen_set.digest})",
        "scheme": scheme.digest,
        "split": split,
        **scoring_settings(workspace.config.curation.scoring),
        **fixed_settings(workspace.config, model, notify=workspace.notify),
    }
    inputs: dict[str, JsonValue] = {"name": name, "set": chosen_set.digest, "sizes": list(asked), "seeds": seeds}
    with (
        recorded(workspace, store, f"experiment {KIND}", **inputs) as outcome,
        workplace(workspace, store, KIND, name, fixed, progress=progress, keep=keep) as place,
    ):
        place.run = outcome.run
        on = MeasuredOn(material.splits[split], chosen_set.splits[split])
        parts: dict[str, CellTraining] = {}
        cells: list[GridCell] = []
        for seed in range(settings.seed, settings.seed + seeds):
            seeded = settings.model_copy(update={"seed": seed})
            for size, ids in records.sizes(asked, seed=seed, by_class=task == "labels").items():
                cell = _cell(material, seeded, ids, size, on.records, [split, task, model, identity])
                cells.append(cell)
                pairs = SomePairs(material.splits[TRAIN], frozenset(ids))
                parts[cell.key] = CellTraining(seeded, pairs, material.splits["validation"], len(ids))

        def run(cell: GridCell, advance: OnProgress) -> FinishedCell:
            return trained_cell(place, cell, advance, parts[cell.key], on)

        place.finished(sorted(cells, key=lambda cell: (int(str(cell.parameters["size"])), cell.key)), run)
        found = done(place, _result(place, name, chosen_set, split, f"{task} by {model}", wanted, reach, gains))
        outcome |= {
            "page": str(found.page),
            "cells": len(place.ledger.cells),
            "answers": list(found.result.answers),
            **place.kept,
        }
    return found


def _sizes(asked: Sequence[int | None], records: int, curated: CuratedSet) -> list[int]:
    """The sizes in order. Raises UsageError for those that the training side does not have."""
    of = f"the training side of {set_name(curated)}"
    if records < 2:
        raise UsageError(f"expected records to learn from in {of}, it has {records or 'none'}")
    if not asked:
        halves = [max(1, records // 2**power) for power in range(MOST)]
        return sorted({size for size in halves if size >= min(SMALLEST, records // 2)})
    sizes = sorted({records if size is None else size for size in asked})
    if sizes[0] < 1 or sizes[-1] > records:
        wrong = sizes[0] if sizes[0] < 1 else sizes[-1]
        raise UsageError(f"expected sizes from 1 to the {records:,} records of {of}, got {wrong:,}")
    return sizes


def _check(sizes: Sequence[int], seeds: int, reach: Sequence[float], gains: Sequence[tuple[int, int]]) -> None:
    if seeds < 1:
        raise UsageError(f"expected at least one seed, got {seeds}")
    for score in reach:
        if not 0 < score <= 1:
            raise UsageError(f"expected a figure above 0 and at most 1 to reach, got {score:g}")
    for smaller, larger in gains:
        if smaller not in sizes or larger not in sizes or smaller >= larger:
            raise UsageError(
                f"expected the gain between a smaller and a larger one of the sizes {', '.join(map(str, sizes))}, got "
                f"{smaller}:{larger}"
            )


def _cell(
    material: TrainingMaterial,
    settings: TrainingSettings,
    ids: Sequence[str],
    size: int,
    measured: int,
    content: Sequence[object],
) -> GridCell:
    return GridCell(
        key=f"size-{size}-seed-{settings.seed}",
        parameters={"size": size, "records": len(ids), "seed": settings.seed},
        content=training_fingerprint(settings, [*material.content, digest(sorted(ids)), *content]),
        former=former_fingerprints(settings, [*material.content, digest(sorted(ids)), *content]),
        size=len(ids) * settings.epochs + measured,
    )


def _result(
    place: Workplace,
    name: str,
    curated: CuratedSet,
    split: str,
    learnt: str,
    figure: str,
    reach: Sequence[float],
    gains: Sequence[tuple[int, int]],
) -> ExperimentResult:
    cells = list(place.ledger.cells.values())
    known = figures_of_cells(cells, figure)
    curve, notes = _curve(place, cells, figure, reach, gains)
    about = [
        f"{set_name(curated)}: {curated.splits.get(TRAIN, 0):,} training records; measured on "
        f"{curated.splits[split]:,} records of the split {split}",
        f"{learnt}; {spent_total(cells)}",
        *notes,
    ]
    size_rows = [
        (size.asked, _whole(size.records), size.seeds, size.mean, interval_words(size.interval)) for size in curve.sizes
    ]
    gain_rows = [
        (f"{gain.smaller:,} to {gain.larger:,}", gain.gain, interval_words(gain.interval), gain.surely)
        for gain in curve.gains
    ]
    note = "Intervals: 95 %, seeds and test documents (by patient) drawn anew."
    tables = [
        ResultTable("sizes", f"{figure} by size", ("size", "records", "seeds", "mean", "95 %"), size_rows, note),
        ResultTable(
            "gains",
            "What more records bring",
            ("from size to size", "gain", "95 %", "share of resamples with a gain"),
            gain_rows,
        ),
        languages_table(cells, figure, by=lambda cell: str(cell.parameters["size"]), head="size"),
        cells_table(cells, ("size", "records", "seed"), known),
    ]
    content: dict[str, Any] = {"curve": curve.as_json(), "cells": [plain_cell(cell) for cell in cells]}
    answers = [reached.answer for reached in curve.reached] or [_overview(curve)]
    return ExperimentResult(KIND, name, about, answers, tables, [curve_plot(curve)], content)


def _whole(number: float) -> int | float:
    """A whole number without a point, any other with one digit behind it."""
    return int(number) if number == int(number) else round(number, 1)


def _curve(
    place: Workplace,
    cells: Sequence[FinishedCell],
    figure: str,
    reach: Sequence[float],
    gains: Sequence[tuple[int, int]],
) -> tuple[FittedCurve, list[str]]:
    """The curve over the sizes that all seeds have, and what was left out of it."""
    points: list[CurvePoint] = []
    for cell in cells:
        counted = group_counts(place.documents(cell.key), figure) if cell.left_out is None else None
        if counted is not None and cell.score(figure) is not None:
            size, records, seed = (int(str(cell.parameters[word])) for word in ("size", "records", "seed"))
            points.append(CurvePoint(size, records, seed, *counted))
    seeds = {point.seed for point in points}
    complete = {
        size
        for size in {point.asked for point in points}
        if {point.seed for point in points if point.asked == size} == seeds
    }
    missing = sorted({int(str(cell.parameters["size"])) for cell in cells} - complete)
    notes = [f"Size {size} is left out of the curve: not all seeds have a figure there." for size in missing]
    if not complete:
        raise UsageError("expected a size at which all seeds have a figure, there is none; give the same --seeds again")
    few = len(points[0].counts) < max(2, place.resampling.minimum_records)
    curve = fitted_curve(
        figure,
        [point for point in points if point.asked in complete],
        reach=reach,
        gains=[pair for pair in gains if complete.issuperset(pair)],
        resampled=not few,
    )
    if len(seeds) == 1:
        notes.append("One seed: the intervals are over test documents alone, another draw of records is not in them.")
    if few:
        notes.append(f"No intervals: test records of fewer than {place.resampling.minimum_records} patients.")
    if (note := floor_note(curve)) is not None:
        notes.append(note)
    return curve, notes


def _overview(curve: FittedCurve) -> str:
    """One line on the curve where nothing was asked of it."""
    first, last = curve.sizes[0], curve.sizes[-1]
    told = f"{curve.figure} goes from {first.mean:.3f} with {first.records:,.0f} records to {last.mean:.3f} with "
    told += f"{last.records:,.0f}"
    if curve.fit is None:
        return f"{told}; {curve.no_fit}"
    law = curve.fit
    if not law.falls:
        return f"{told}; the fit shows no gain by more records"
    return f"{told}; the fit ends at {1 - law.c:.3f} and is {1 - law.error(2 * last.records):.3f} with twice as many"
