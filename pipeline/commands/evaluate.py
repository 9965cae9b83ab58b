"""`curate evaluate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from curation.author import GOLD
from pipeline.commands.options import (
    HERE,
    DownloadOption,
    JsonOption,
    MappingOption,
    WithScoresOption,
    WorkspaceOption,
)
from pipeline.commands.output import print_json, print_table, say, show

if TYPE_CHECKING:
    from curation.scoring.entities import Mean, ModeScores, Score
    from curation.scoring.scores import LanguageScores
    from pipeline.steps.evaluate import Evaluation
    from training.evaluate import EvaluationReport


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
    mapping: MappingOption = None,
    asked: WithScoresOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure one layer against another: entities, relations, labels, concepts, and the wording of the flat view."""
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
            asked=asked or (),
            mapping=mapping,
        )
    if as_json:
        print_json(done.as_json())
        return
    _say_labels(done, predicted)
    if done.report.measures_entities:
        _say_entities(done, predicted)
        _say_relations(done.report)
        _say_facts(done.report)
    _say_languages(done.report)
    for name, reason in done.report.not_measured.items():
        say(f"not measured: {name}: {reason}")
    for note in done.report.notes:
        say(note)
    say(f"report: {done.html}")
    say(f"to compare it with another evaluation: curate compare {done.run} RUN")


def _say_labels(done: Evaluation, predicted: str) -> None:
    gold = " or ".join(done.reference.layers)
    for name, label in done.report.labels.items():
        print_table(
            f"{name}: accuracy {_shown(label.accuracy)}, macro F1 {_shown(label.macro_f1)}, {label.records} records",
            ("value", gold, predicted, "P", "R", "F1"),
            [(value, score.gold, score.predicted, *_figures(score)) for value, score in label.per_value.items()],
        )
        given = list(dict.fromkeys(value for row in label.confusion.values() for value in row))
        print_table(
            f"{name}: {gold} in rows, {predicted} in columns",
            ("value", *(value or "none" for value in given)),
            [(value, *(row.get(column, 0) for column in given)) for value, row in label.confusion.items()],
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

    rest = {"boundary (any category)": scores.boundary, "token": scores.token}
    rows = [(name, *_figures(found.micro), _interval(found.micro)) for name, found in rest.items() if found]
    print_table("Other rules of matching, all categories", ("rule", "P", "R", "F1", "95 %"), rows)
    if (sure := done.report.confidence) is not None:
        show(f"confidence of {sure.entities} entities: calibration error {sure.ece:.3f}, Brier score {sure.brier:.3f}")


def _say_relations(report: EvaluationReport) -> None:
    if report.relations is not None:
        modes = {
            "strict": report.relations.strict,
            "lenient": report.relations.lenient,
            "on gold entities": report.relations.on_gold_entities,
        }
        rows = [
            (mode, name, score.gold, score.predicted, *_figures(score))
            for mode, found in modes.items()
            for name, score in (*found.per_type.items(), ("all (micro)", found.micro))
        ]
        print_table("Relations", ("rule", "type", "gold", "found", "P", "R", "F1"), rows)
    if report.concepts is not None:
        found = report.concepts.concepts
        print_table("Concepts, by their codes", ("category", "gold", "found", "P", "R", "F1"), _rows(found))
        linkable, linked = report.concepts.linkable, _shown(report.concepts.linked)
        show(f"right codes of {linkable} entities that both sides have: {linked}")


def _say_facts(report: EvaluationReport) -> None:
    if report.facts is None:
        return
    flat, bert = report.flat, report.bertscore
    scores = [*report.facts.per_category.items(), ("all (micro)", report.facts.micro)]
    rows = [
        (
            name,
            _shown(flat.per_category.get(name, flat.micro).rougeL),
            _shown(flat.rougeLsum_per_category.get(name, flat.rougeLsum)),
            *([_shown(bert.per_category.get(name, bert.f1))] if bert else []),
            _shown(score.facts.f1),
            _shown(score.values.f1),
        )
        for name, score in scores
    ]
    head = ("category", "ROUGE-L", "Lsum", *(["BERTScore"] if bert else []), "facts", "values")
    print_table(f"Flat view: ROUGE by {flat.rouge_profile}", head, rows)
    there = [(name, score.presence) for name, score in scores]
    print_table(
        "Flat view: records in which a category is there",
        ("category", "on both sides", "invented", "left out"),
        [(name, presence.both, presence.invented, presence.omitted) for name, presence in there],
    )
    show(f"valid answers: {_shown(flat.validity)}")
    for name, person in report.facts.person.items():
        if person.records:
            show(f"{name}: right in {_shown(person.accuracy)} of {person.records} records")


def _say_languages(report: EvaluationReport) -> None:
    if len(report.languages) < 2:
        return
    columns: dict[str, list[float | None]] = {}
    for found in report.languages.values():
        for name, value in _overview(found).items():
            columns.setdefault(name, []).append(value)
    there = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    records = [found.entities.records for found in report.languages.values()]
    rows = zip(
        report.languages, records, *([_shown(value) for value in values] for values in there.values()), strict=True
    )
    print_table("By language", ("language", "records", *there), list(rows))


def _overview(found: LanguageScores) -> dict[str, float | None]:
    entities = found.entities
    modes = {"strict": entities.strict, "lenient": entities.lenient, "token": entities.token}
    return {
        **{name: mode.micro.f1 if mode else None for name, mode in modes.items()},
        "relations": found.relations.strict.micro.f1 if found.relations else None,
        **{f"{name}, macro F1": label.macro_f1 for name, label in found.labels.items()},
        "facts": found.facts.micro.facts.f1 if found.facts else None,
        "ROUGE-L": found.flat.micro.rougeL,
        "BERTScore": found.bertscore.f1 if found.bertscore else None,
    }


def _interval(score: Score) -> str:
    return f"{score.f1_interval[0]:.3f} to {score.f1_interval[1]:.3f}" if score.f1_interval else "-"


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
