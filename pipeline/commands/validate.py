"""`curate validate`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, RetryOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say


def validate(
    layer: Annotated[
        str | None,
        typer.Option("--layer", help="The layer to check.", show_default="human, adapter, few-shot, rules, gold"),
    ] = None,
    retry_failed: RetryOption = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure every record, judge it with Great Expectations, and quarantine what fails."""
    from pipeline.validating import validate as validate_all
    from pipeline.workspace import Workspace

    place = Workspace.at(workspace)
    with place.open_store() as store:
        verdicts = validate_all(place, store, layer=layer, retry_failed=retry_failed)
    if as_json:
        print_json(verdicts.as_json())
        return
    print_counts("Verdicts", verdicts.counts)
    failing = [(one.expectation, one.severity.value, len(one.failed)) for one in verdicts.per_expectation if one.failed]
    if failing:
        print_table("Failed", ("expectation", "severity", "records"), failing)
    say(f"report: {verdicts.report}")
    say(f"data docs: {verdicts.data_docs}")
