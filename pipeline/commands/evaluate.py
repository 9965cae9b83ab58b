"""`curate evaluate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curation.author import GOLD
from pipeline.commands.options import HERE, DownloadOption, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say, show

if TYPE_CHECKING:
    from curation.scoring.entities import Mean, ModeScores, Score
    from pipeline.steps.evaluate import Evaluation


def evaluate(
    predicted: Annotated[str, typer.Option("--predicted", metavar="LAYER", help="The layer that is measured.")],
    gold: Annotated[
        list[str] | None,
        typer.Option(
            "--gold",
            metavar="LAYER",
            help="The layer it is measured against; several: the first that a record has.",
            show_default=GOLD,
        ),
    ] = None,
    curated: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Only records of a curated set.", show_default="all")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="Which split of the set.", show_default="test")] = None,
    training_records: Annotated[
        bool,
        typer.Option("--training-records", help="Also measure on records that the layer's author has learnt from."),
    ] = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure one layer against another: entities strict and lenient, ROUGE and validity of the flat view."""
    from pipeline.steps.evaluate import evaluate_layer
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = evaluate_layer(
            workspace,
            store,
            gold=gold or (GOLD,),
            predicted=predicted,
            curated=curated,
            split=split,
            training_records=training_records,
        )
    if as_json:
        print_json(done.as_json())
        return
    _say_labels(done, predicted)
    if done.report.measures_entities:
        _say_entities(done, predicted)
    for note in done.report.notes:
        say(note)
    say(f"report: {done.html}")


def _say_labels(done: Evaluation, predicted: str) -> None:
    gold = " or ".join(done.reference.layers)
    for name, label in done.report.labels.items():
        print_table(
            f"{name}: accuracy {_shown(label.accuracy)}, macro F1 {_shown(label.macro_f1)}, {label.records} records",
            ("value", gold, predicted, "P", "R", "F1"),
            [(value, score.gold, score.predicted, *_figures(score)) for value, score in label.per_value.items()],
        )
        if label.missing:
            say(f"{name}: {label.missing} records without a value in {predicted} count as wrong")
        if label.without_gold:
            say(f"{name}: {label.without_gold} records without a value in {gold} are not scored")


def _say_entities(done: Evaluation, predicted: str) -> None:
    scores = done.report.entities
    for mode, found in (("Strict", scores.strict), ("Lenient", scores.lenient)):
        title = f"{mode}: {predicted} against {' or '.join(done.reference.layers)}, {scores.records} records"
        print_table(title, ("category", "gold", "found", "P", "R", "F1"), _rows(found))
        if found.micro.f1_interval:
            low, high = found.micro.f1_interval
            show(f"{mode} micro F1: 95 % interval {low:.3f} to {high:.3f}")


def _rows(scores: ModeScores) -> list[tuple[object, ...]]:
    rows = [(name, score.gold, score.predicted, *_figures(score)) for name, score in scores.per_category.items()]
    micro, macro = scores.micro, scores.macro
    return [
        *rows,
        ("all (micro)", micro.gold, micro.predicted, *_figures(micro)),
        (f"mean of {macro.over} (macro)", "", "", *_figures(macro)),
    ]


def _figures(score: Score | Mean) -> tuple[str, ...]:
    return tuple(map(_shown, (score.precision, score.recall, score.f1)))


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
