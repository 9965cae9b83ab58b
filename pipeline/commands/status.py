"""`curate status`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.batches import show_batches
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.steps.status import SpendingRow, WorkspaceStatus

#: So many failures are listed to a person; --json has them all.
SHOWN = 20


def status(
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    runs: Annotated[int, typer.Option("--runs", help="How many of the last runs to show.", min=0)] = 5,
) -> None:
    """Show what there is: records, layers, stages, decisions, failures, sets, runs."""
    from pipeline.steps.status import read_status
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = read_status(store, runs=runs)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_counts("Records by language", found.records)
    print_counts(f"Where the {sum(found.standing.values()):,} records stand", found.standing)
    print_counts("Layers", found.layers)
    print_counts("Decisions on texts", found.decisions)
    for layer, counts in found.decisions_on_layers.items():
        print_counts(f"Decisions on the layer {layer}", counts)
        if outdated := found.outdated_decisions.get(layer):
            say(f"{outdated} of them on an older version of the layer: run `curate validate --layer {layer}`")
    for destination, counts in found.decisions_on_privacy.items():
        print_counts(f"Decisions on privacy, {destination}", counts)
    stages = [(name, count["done"], count["failed"]) for name, count in found.stages.items()]
    if stages:
        print_table("Stages", ("stage", "done", "failed"), stages)
    failures = [
        (failure.stage, failure.record_id, failure.source_id or "", failure.attempts, failure.error)
        for failure in found.failures[:SHOWN]
    ]
    if failures:
        print_table(
            f"Failures ({len(found.failures)}); {_tried_again(found)}",
            ("stage", "record", "source id", "attempts", "error"),
            failures,
        )
    for stage, kinds in found.failures_by_kind.items():
        print_counts(f"Failures of {stage} by kind (--retry KIND tries one again)", kinds)
    if found.spending:
        print_table(
            "Language models",
            ("model", "for", "answers", "whole", "attempts", "tokens in", "tokens out", "cost"),
            [_spent(row) for row in found.spending],
        )
    if found.batches:
        show_batches(found.batches)
    if found.sets:
        sets = [
            (
                curated.name,
                curated.records,
                f"{curated.digest} ({curated.deleted} deleted: fits no more)" if curated.deleted else curated.digest,
            )
            for curated in found.sets
        ]
        print_table("Curated sets", ("set", "records", "hash"), sets)
    if found.runs:
        rows = [(run["run"], run["command"], run["state"], str(run["started"])[:19]) for run in found.runs]
        print_table("Last runs", ("run", "command", "state", "started"), rows)


def _spent(row: SpendingRow) -> tuple[object, ...]:
    """A row of the table of spending; a price that is not known is none."""
    cost = "not known" if row.answers and row.unpriced == row.answers else f"{row.cost:,.4f}"
    part = f" and {row.unpriced:,} answers without a price" if 0 < row.unpriced < row.answers else ""
    attempts = ", ".join(f"{state} {count:,}" for state, count in row.attempts.items())
    valid = "" if row.valid is None else f"{row.valid:.1%}"
    return (row.model, row.purpose, row.answers, valid, attempts, row.tokens_in, row.tokens_out, cost + part)


def _tried_again(found: WorkspaceStatus) -> str:
    """How the failures are tried again."""
    passing = sum(failure.may_pass for failure in found.failures)
    by_itself = f"the next run tries {passing} again by itself" if passing else ""
    retried = "try again with --retry-failed" if passing < len(found.failures) else ""
    return ", the others: ".join(filter(None, (by_itself, retried)))
