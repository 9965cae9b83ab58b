"""How far what several sets teach carries over: trained on all but one, with no, few or all records of that one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.errors import UsageError, unknown_name
from curation.file_digest import file_digest
from curation.path_name import folder_name
from curation.record import digest
from curation.sets.split import SPLITS
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.experiment.cell_tables import cells_table, figures_of_cells, languages_table, spent_total
from pipeline.steps.experiment.measured_cell import CellTraining, MeasuredOn, trained_cell
from pipeline.steps.experiment.training_records import TRAIN, SomePairs, TrainingRecords, training_records
from pipeline.steps.experiment.workplace import (
    DoneExperiment,
    Workplace,
    done,
    fixed_settings,
    measured_split,
    scoring_settings,
    workplace,
)
from pipeline.steps.freeze import chosen_set, scheme_of, tell_losses
from pipeline.training_material import SplitPairs, set_name
from pipeline.workspace import Workspace
from training.examples import Pair
from training.experiments.curve_plot import shots_plot
from training.experiments.document_figures import chosen_figure
from training.experiments.grid import GridCell, OnProgress
from training.experiments.ledger import FinishedCell, MeasuredFigure, plain_cell
from training.experiments.result import ExperimentResult, ResultTable, interval_words
from training.experiments.variant_pairs import PairOfVariants, pooled_figures, variant_pairs
from training.joined import JoinedSets, SetSource
from training.set_mapping import NameMapping, read_mapping
from training.settings import TrainingSettings
from training.trained import former_fingerprints, training_fingerprint
from training.trainers import chosen, trainer

KIND = "leave-one-out"
SHOTS = (0, 5, 10, 20, 50, 100)
#: How a cell learns: from the set that is measured alone.
SINGLE = "single"


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """One set that is left out: the sets that are joined without it, and its own records."""

    curated: CuratedSet
    joined: JoinedSets
    records: TrainingRecords
    others: int  # their training records that are learnt from
    deleted: Sequence[object]  # what was deleted from each set since it was frozen

    @property
    def name(self) -> str:
        """The set as NAME@VERSION."""
        return set_name(self.curated)


@dataclass(frozen=True, slots=True)
class _ChainedPairs:
    """Pairs one after the other, read anew each time."""

    parts: Sequence[Iterable[Pair]]

    def __iter__(self) -> Iterator[Pair]:
        return chain.from_iterable(self.parts)


def leave_one_out(
    workspace: Workspace,
    store: Store,
    sets: Sequence[str],
    *,
    name: str = KIND,
    mapping: Path | None = None,
    only: Sequence[str] = (),
    shots: Sequence[int | None] = SHOTS,
    seeds: int = 1,
    split: str = "test",
    figure: str | None = None,
    refuse_leaks: bool = False,
    keep: bool = False,
    progress: ProgressBar = no_progress,
) -> DoneExperiment:
    """Each set in turn measured by adapters that learnt from the others and from so many of its own records.

    sets: two or more, under one scheme by the mapping. only: those that are left out in turn, by default all. shots:
    numbers of the set's own training records, each of which contains the smaller ones; None for all of them; more than
    it has are left out. Beside them stands an adapter that learnt from the set alone. What another set's training has
    in common with a set's validation or test is left out and counted, or refused. Raises UsageError for what does not
    fit.
    """
    if seeds < 1 or any(number is not None and number < 0 for number in shots) or not shots:
        raise UsageError("expected at least one seed and numbers of records from 0, got others")
    settings = workspace.config.training
    curated = _chosen_sets(workspace, store, sets, split)
    given = read_mapping(mapping) if mapping else None
    every = _joined(workspace, store, curated, given)
    harmonised = every.to_json()
    if refuse_leaks and (leaks := _leaks(harmonised)):
        raise UsageError(f"expected sets that have nothing in common with what others are measured by, got {leaks}")
    task, model = chosen(settings, every.scheme)
    wanted = chosen_figure(figure, task, [label.name for label in every.scheme.labels])
    left_out = [_left_out(workspace, store, each, curated, given) for each in _turns(curated, only)]
    fixed: dict[str, JsonValue] = {
        "sets": ", ".join(f"{set_name(each)} ({each.digest})" for each in curated),
        "mapping": file_digest(mapping) if mapping else None,
        "split": split,
        **scoring_settings(workspace.config.curation.scoring),
        **fixed_settings(workspace.config, model, notify=workspace.notify),
    }
    inputs: dict[str, JsonValue] = {"name": name, "sets": [each.digest for each in curated]}
    with (
        recorded(workspace, store, f"experiment {KIND}", **inputs) as outcome,
        workplace(workspace, store, KIND, name, fixed, progress=progress, keep=keep) as place,
    ):
        place.run = outcome.run
        runs: dict[str, tuple[CellTraining, MeasuredOn]] = {}
        cells = [
            cell
            for left in left_out
            for seed in range(settings.seed, settings.seed + seeds)
            for cell in _cells(place, left, settings.model_copy(update={"seed": seed}), shots, split, runs)
        ]

        def run(cell: GridCell, advance: OnProgress) -> FinishedCell:
            return trained_cell(place, cell, advance, *runs[cell.key])

        finished = place.finished(cells, run)
        found = done(place, _result(place, name, finished, harmonised, wanted, split))
        outcome |= {
            "page": str(found.page),
            "cells": len(finished),
            "answers": list(found.result.answers),
            **place.kept,
        }
    return found


def _chosen_sets(workspace: Workspace, store: Store, sets: Sequence[str], split: str) -> list[CuratedSet]:
    """The sets. Raises UsageError for fewer than two, for one that is named twice, and for one without the split."""
    curated = [chosen_set(store, spoken) for spoken in dict.fromkeys(sets)]
    if len({each.digest for each in curated}) < max(2, len(curated)):
        named = ", ".join(map(set_name, curated)) or "none"
        raise UsageError(f"expected two sets or more to leave one out, each once, got {named}")
    for each in curated:
        tell_losses(workspace, each)
        measured_split(each, split)
    return curated


def _turns(curated: Sequence[CuratedSet], only: Sequence[str]) -> list[CuratedSet]:
    """The sets that are left out in turn. Raises UsageError for a name that is none of them."""
    for spoken in only:
        if not any(spoken in (each.name, set_name(each)) for each in curated):
            raise unknown_name("a set to leave out", spoken, map(set_name, curated))
    return [each for each in curated if not only or {each.name, set_name(each)} & set(only)]


def _joined(
    workspace: Workspace,
    store: Store,
    curated: Sequence[CuratedSet],
    mapping: NameMapping | None,
    apart: Sequence[CuratedSet] = (),
) -> JoinedSets:
    """The sets under one scheme, those apart only measured."""

    def source(each: CuratedSet) -> SetSource:
        splits = {split: SplitPairs(store, each, split) for split in SPLITS}
        return SetSource(set_name(each), scheme_of(each, workspace), each.digest, splits)

    return JoinedSets(
        list(map(source, curated)),
        mapping=mapping,
        apart=list(map(source, apart)),
        near_duplicates=workspace.config.curation.split.near_duplicates,
    )


def _left_out(
    workspace: Workspace,
    store: Store,
    left: CuratedSet,
    curated: Sequence[CuratedSet],
    mapping: NameMapping | None,
) -> _LeftOut:
    """A set with the others joined. Raises UsageError where annotations would be lost in training."""
    settings = workspace.config.training
    others = [each for each in curated if each.digest != left.digest]
    joined = _joined(workspace, store, others, mapping, [left])
    own = joined.pairs(set_name(left), TRAIN)
    task, fits = chosen(settings, joined.scheme)[0], trainer(settings, joined.scheme)
    fits.check(_ChainedPairs([joined.train, own]), joined.scheme, settings, None).require(settings)
    records = training_records(left, own, joined.scheme, task)
    noted: Any = joined.to_json()["sets"]
    deleted = [sorted(each.deleted.items()) for each in (left, *others)]
    return _LeftOut(left, joined, records, sum(found["records"][TRAIN] for found in noted), deleted)


def _leaks(harmonised: Mapping[str, Any]) -> str:
    """What the sets have in common with what others are measured by, in words; empty where there is nothing."""
    return "; ".join(
        f"{found['name']} {split}: {', '.join(f'{count} {reason}' for reason, count in counts.items())}"
        for found in harmonised["sets"]
        for split, counts in found["left_out"].items()
    )


def _cells(
    place: Workplace,
    left: _LeftOut,
    settings: TrainingSettings,
    shots: Sequence[int | None],
    split: str,
    runs: dict[str, tuple[CellTraining, MeasuredOn]],
) -> Iterator[GridCell]:
    """The cells of one set that is left out, and in `runs` how each is made."""
    joined, scheme = left.joined, left.joined.scheme
    task, model = chosen(settings, scheme)
    own, records = joined.pairs(left.name, TRAIN), left.records
    on = MeasuredOn(
        joined.pairs(left.name, split),
        left.curated.splits[split],
        scheme=scheme,
        scope=joined.scope(left.name),
    )
    identity = trainer(settings, scheme).identity(settings)
    content = [*joined.identity, left.deleted, split, task, model, identity]
    wanted = {len(records) if number is None else number for number in shots}
    if too_many := sorted(number for number in wanted if number > len(records)):
        shown = ", ".join(map(str, too_many))
        place.notes.append(f"{left.name} has {len(records)} training records: {shown} are left out")
    few = [number for number in wanted if 0 < number <= len(records)]
    parts = records.sizes(few, seed=settings.seed, by_class=task == "labels")
    ways: dict[str, tuple[list[str], CellTraining]] = {}
    for number, ids in {**({0: []} if 0 in wanted else {}), **parts}.items():
        some: list[Iterable[Pair]] = [joined.train, *([SomePairs(own, frozenset(ids))] if ids else [])]
        learnt = left.others + len(ids)
        ways[str(number)] = (
            ids,
            CellTraining(settings, _ChainedPairs(some), joined.validation, learnt, joined.to_json()),
        )
    if len(records):
        alone = CellTraining(settings, own, joined.pairs(left.name, "validation"), len(records))
        ways[SINGLE] = ([SINGLE], alone)
    for way, (ids, how) in ways.items():
        key = folder_name(f"{left.name}-{way}-seed-{settings.seed}")
        runs[key] = how, on
        yield GridCell(
            key=key,
            parameters={"left out": left.name, "shots": way, "records": how.records, "seed": settings.seed},
            content=training_fingerprint(settings, [*content, way, digest(sorted(ids))]),
            former=former_fingerprints(settings, [*content, way, digest(sorted(ids))]),
            size=how.records * settings.epochs + on.records,
        )


@dataclass(frozen=True, slots=True)
class _Transfer:
    """What was measured on one set that was left out, by the way of learning."""

    name: str
    figures: Mapping[str, MeasuredFigure]
    pairs: Sequence[PairOfVariants]  # each way against the set alone
    seeds: Mapping[str, int]


def _transfer(place: Workplace, name: str, cells: Sequence[FinishedCell], figure: str) -> _Transfer:
    files: dict[str, list[Path]] = {}
    for cell in cells:
        if cell.left_out is None:
            files.setdefault(str(cell.parameters["shots"]), []).append(place.documents(cell.key))
    nothing = frozenset[str]()
    totals = {way: pooled_figures(of, nothing, place.resampling).totals for way, of in files.items()}
    pairs = (
        variant_pairs(files, figure, baseline=SINGLE, without=nothing, resampling=place.resampling)
        if SINGLE in files
        else []
    )
    figures = {way: found.get(figure, MeasuredFigure(value=None)) for way, found in totals.items()}
    return _Transfer(name, figures, pairs, {way: len(of) for way, of in files.items()})


def _result(
    place: Workplace,
    name: str,
    cells: Sequence[FinishedCell],
    harmonised: Mapping[str, Any],
    figure: str,
    split: str,
) -> ExperimentResult:
    known = figures_of_cells(cells, figure)
    left: dict[str, list[FinishedCell]] = {}
    for cell in cells:
        left.setdefault(str(cell.parameters["left out"]), []).append(cell)
    found = [_transfer(place, of, members, figure) for of, members in left.items()]
    leaks = _leaks(harmonised)
    about = [
        f"{len(harmonised['sets'])} sets; each measured on its split {split}, by what it annotates itself",
        f"leak check: {leaks or 'nothing in common'}{', left out of training' if leaks else ''}",
        spent_total(cells),
        *dict.fromkeys(place.notes),
        *(f"{cell.key}: {cell.left_out}" for cell in cells if cell.left_out),
    ]
    tables = [
        _shots_table(found, figure),
        _pairs_table(found, figure),
        _sets_table(harmonised),
        languages_table(
            cells,
            figure,
            by=lambda cell: f"{cell.parameters['left out']}, {_way(str(cell.parameters['shots']))}",
            head="left out",
        ),
        cells_table(cells, ("left out", "shots", "records", "seed"), known),
    ]
    series = {
        transfer.name: [(int(way), point) for way, point in transfer.figures.items() if way != SINGLE]
        for transfer in found
    }
    content: dict[str, Any] = {
        "figure": figure,
        "left_out": {
            transfer.name: {
                "figures": {way: point.model_dump(mode="json") for way, point in transfer.figures.items()},
                "against_single": [
                    pair.differences[figure].model_dump(mode="json") | {"shots": pair.b}
                    for pair in transfer.pairs
                    if figure in pair.differences
                ],
            }
            for transfer in found
        },
        "harmonisation": dict(harmonised),
        "cells": [plain_cell(cell) for cell in cells],
    }
    answers = [_answer(transfer, figure) for transfer in found]
    return ExperimentResult(KIND, name, about, answers, tables, [shots_plot(series, figure)], content)


def _way(way: str) -> str:
    return "the set alone" if way == SINGLE else f"{way} of its records"


def _shots_table(found: Sequence[_Transfer], figure: str) -> ResultTable:
    ways = list(dict.fromkeys(way for transfer in found for way in transfer.figures))
    ordered = [*sorted((way for way in ways if way != SINGLE), key=int), *(way for way in ways if way == SINGLE)]
    rows = [
        (transfer.name, *(point.value if (point := transfer.figures.get(way)) else None for way in ordered))
        for transfer in found
    ]
    note = "Columns: records of the set that is left out, learnt from beside all of the others; single: it alone."
    return ResultTable("shots", f"{figure} on the set that is left out", ("left out", *ordered), rows, note)


def _pairs_table(found: Sequence[_Transfer], figure: str) -> ResultTable:
    rows = [
        (
            transfer.name,
            _way(pair.b),
            difference.b,
            difference.difference,
            interval_words(difference.interval),
            difference.p_adjusted,
        )
        for transfer in found
        for pair in transfer.pairs
        if (difference := pair.differences.get(figure)) is not None
    ]
    head = ("left out", "learnt from the others and", figure, "minus the set alone", "95 %", "p for all")
    return ResultTable("against-single", "Against training on the set alone", head, rows)


def _sets_table(harmonised: Mapping[str, Any]) -> ResultTable:
    """What the mapping and the leak check did to each set."""
    rows = [
        (
            found["name"],
            found["records"].get(TRAIN, 0),
            _words(found["renamed"]),
            _words(found["merged"]),
            _words(found["dropped"]),
            ", ".join(f"{split}: {_words(counts)}" for split, counts in found["left_out"].items()),
            ", ".join(found["not_annotated"]),
        )
        for found in harmonised["sets"]
    ]
    head = ("set", "training records", "renamed", "merged", "left out by name", "left out as leaks", "not annotated")
    return ResultTable(
        "sets", "The sets under their common names", head, rows, "Numbers: annotations of the training side."
    )


def _words(counts: object) -> str:
    if isinstance(counts, Mapping):
        return ", ".join(f"{name} {count}" for name, count in counts.items())
    return str(counts or "")


def _answer(transfer: _Transfer, figure: str) -> str:
    parts = [f"{_way(way)}: {point.value:.3f}" for way, point in transfer.figures.items() if point.value is not None]
    return f"{transfer.name} left out, {figure}: " + ("; ".join(parts) or "not measured")
