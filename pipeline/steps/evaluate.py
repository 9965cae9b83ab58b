"""One layer measured against another, over the store or over a frozen split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import UsageError
from curation.record import Layer, Record
from curation.store import Store
from pipeline.adapters import with_layer
from pipeline.runs import recorded
from pipeline.steps.freeze import split_pairs
from pipeline.workspace import Workspace
from training.evaluate import EvaluationReport, evaluate
from training.report import write_report


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures, and the page that shows them."""

    report: EvaluationReport
    html: Path


def evaluate_layer(
    workspace: Workspace,
    store: Store,
    *,
    gold: str,
    predicted: str,
    curated: str | None = None,
    split: str = "test",
) -> Evaluation:
    """The latest predicted layers against gold; with a set, against its frozen layers in one split."""
    predicted = with_layer(store, predicted)
    store.require_layers([predicted] if curated else [gold, predicted])
    with recorded(workspace, store, "evaluate", gold=gold, predicted=predicted, set=curated, split=split) as outcome:
        pairs = list(split_pairs(store, store.curated_set(curated), split)) if curated else _latest(store, gold)
        if not pairs:
            raise UsageError(f"expected records in the split {split} of {curated}, found none")
        predictions = _layers(store, [record.id for record, _ in pairs], predicted)
        if not predictions:
            raise UsageError(f"expected a layer {predicted} on these records, found none")
        report = evaluate(pairs, predictions, workspace.scheme)
        files = write_report(
            report, workspace.subfolder("reports") / f"evaluation-{predicted}", scheme=workspace.scheme
        )
        outcome |= {"report": str(files.page), "scores": report.entities.to_json()}
        if report.labels:
            outcome["labels"] = {name: scores.model_dump(mode="json") for name, scores in report.labels.items()}
    return Evaluation(report, files.page)


def _latest(store: Store, name: str) -> list[tuple[Record, Layer]]:
    return [(item.record, item.layers[name]) for item in store.items([name]) if name in item.layers]


def _layers(store: Store, ids: list[str], name: str) -> list[Layer]:
    return [item.layers[name] for item in store.items([name], ids=ids) if name in item.layers]
