"""`curate evaluate`"""

from __future__ import annotations

from typing import Annotated

import typer

from curation.author import GOLD
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say


def evaluate(
    predicted: Annotated[str, typer.Option("--predicted", metavar="LAYER", help="The layer that is measured.")],
    gold: Annotated[str, typer.Option("--gold", metavar="LAYER", help="The layer it is measured against.")] = GOLD,
    curated: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Only records of a curated set.", show_default="all")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Which split of the set.")] = "test",
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure one layer against another: entities strict and lenient, ROUGE and validity of the flat view."""
    from pipeline.steps.evaluate import evaluate_layer
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = evaluate_layer(workspace, store, gold=gold, predicted=predicted, curated=curated, split=split)
    if as_json:
        print_json(done.report.to_json() | {"report": str(done.html)})
        return
    for name, label in done.report.labels.items():
        labelled = [
            (value, score.gold, score.predicted, _show(score.precision), _show(score.recall), _show(score.f1))
            for value, score in label.per_value.items()
        ]
        print_table(
            f"{name}: accuracy {_show(label.accuracy)}, macro F1 {_show(label.macro_f1)}, {label.records} records",
            ("value", gold, predicted, "P", "R", "F1"),
            labelled,
        )
        if label.missing:
            say(f"{name}: {label.missing} records without a value in {predicted} count as wrong")
        if label.without_gold:
            say(f"{name}: {label.without_gold} records without a value in {gold} are not scored")
    scores = done.report.entities
    if not done.report.measures_entities:
        say(f"report: {done.html}")
        return
    rows = [
        (name, strict.gold, strict.predicted, _show(strict.f1), _show(scores.lenient.per_category[name].f1))
        for name, strict in scores.strict.per_category.items()
    ]
    total = scores.strict.micro
    rows.append(("micro", total.gold, total.predicted, _show(total.f1), _show(scores.lenient.micro.f1)))
    title = f"{predicted} against {gold}, {scores.records} records"
    print_table(title, ("category", gold, predicted, "strict F1", "lenient F1"), rows)
    say(f"report: {done.html}")


def _show(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
