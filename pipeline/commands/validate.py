"""`curate validate`"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from curation.author import VALIDATION_RANK
from curation.errors import UsageError
from pipeline.commands.options import HERE, DownloadOption, JsonOption, RetryOption, WorkspaceOption
from pipeline.commands.output import SHOWN, print_counts, print_json, print_table, say, say_standing, show
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from pipeline.workspace import Workspace
    from validation.verdict import Verdicts

#: A reason that names the column of one rule.
OF_COLUMN = re.compile(r"(no record has a value) in \w+$")


def validate(
    layer: Annotated[
        str | None,
        typer.Option("--layer", help="The layer to check.", show_default=f"by kind: {', '.join(VALIDATION_RANK)}"),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="KEY=VALUE",
            help="Only tell which records would change sides, such as validation.grounding.minimum=0.9; "
            "nothing is measured or stored. May be given several times.",
        ),
    ] = None,
    remake_suite: Annotated[
        bool,
        typer.Option(
            "--remake-suite",
            help="Make what is ours in gx/ anew, where it is damaged or was changed; what you added or changed stays.",
        ),
    ] = False,
    retry_failed: RetryOption = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Measure every record, judge it with Great Expectations, and quarantine what fails."""
    from pipeline.steps.validate import validate as validate_all
    from pipeline.workspace import Workspace
    from validation.standing import standings

    workspace = Workspace.at(folder, notify=say)
    if changes:
        if layer is not None or retry_failed or remake_suite:
            raise UsageError(
                "expected --what-if without --layer, --retry-failed and --remake-suite: it looks at what was measured "
                "last; run `curate validate --layer NAME` first"
            )
        _what_if(workspace, changes, as_json=as_json)
        return
    with workspace.open_store() as store:
        verdicts = validate_all(
            workspace,
            store,
            layer=layer,
            retry_failed=retry_failed,
            remake_suite=remake_suite,
            progress=progress_bar,
        )
        standing = standings(store)
    if as_json:
        print_json(verdicts.as_json() | {"standing": dict(standing)})
        return
    _say_verdicts(verdicts)
    say_standing(standing)
    say(f"report: {verdicts.report}")
    say(f"data docs: {verdicts.data_docs}")


def _say_verdicts(verdicts: Verdicts) -> None:
    print_counts("Verdicts", {**verdicts.counts, "not annotated": verdicts.not_annotated})
    say(checked_layers(verdicts))
    for verdict, count in verdicts.decided_by_others.items():
        say(f"{count} more {verdict.replace('_', ' ')} by a person or another policy")
    if verdicts.renewed:
        say(f"{verdicts.renewed} layers that others had decided about in an older version were judged anew")
    if verdicts.unmeasured:
        say(f"{verdicts.unmeasured} not measured, so without a verdict; see `curate status`")
    for kind, counts in verdicts.by_kind.items():
        print_counts(f"Verdicts of the kind {kind}", counts)
    failing = [
        (finding.expectation, finding.severity.value, len(finding.failed))
        for finding in verdicts.per_expectation
        if finding.failed
    ]
    if failing:
        print_table("Failed", ("expectation", "severity", "records"), failing)
        if verdicts.decided_by_others:
            say("failed: of all measured records, also those that a person or another policy has decided about")
    for line in (*not_measured(verdicts), *notes(verdicts)):
        say(line)


def not_measured(verdicts: Verdicts) -> list[str]:
    """The rules that looked at no record, a line for each reason: those without a value in their columns in one."""
    rules: dict[str, list[str]] = {}
    for reason, names in verdicts.not_measured.items():
        rules.setdefault(OF_COLUMN.sub(r"\1", reason), []).extend(names)
    return [f"not measured ({reason}): {', '.join(names)}" for reason, names in rules.items()]


def notes(verdicts: Verdicts) -> list[str]:
    """What a steward's `mostly` says beside the failures, and what an expectation observed of the whole set."""
    return [f"{finding.expectation}: {finding.note}" for finding in verdicts.per_expectation if finding.note]


def checked_layers(verdicts: Verdicts) -> str:
    """Which layers were checked, on how many of the records."""
    measured = sum(verdicts.layers.values()) + verdicts.without_layer
    found = ", ".join(f"{name} on {count} of {measured} records" for name, count in verdicts.layers.items())
    without = (
        f"; {verdicts.without_layer} have no such layer: only their text was checked" if verdicts.without_layer else ""
    )
    return f"layer checked: {found or 'none'}{without}"


def _what_if(workspace: Workspace, changes: list[str], *, as_json: bool) -> None:
    from pipeline.steps.validate import what_if_set

    with workspace.open_store() as store:
        found = what_if_set(workspace, store, changes)
        moved = [id for moves in (found.moves, found.privacy_moves) for ids in moves.values() for id in ids]
        names = {record.id: record.meta.get("source_id") for record in store.records(moved)}
    if as_json:
        print_json(found.as_json())
        return
    titles = {f"Would change sides: {found.moved} of {found.records}": found.moves}
    if found.privacy_moves:
        titles["Verdicts on privacy that would change"] = found.privacy_moves
    for title, moves in titles.items():
        rows = [(before.value, after.value, len(ids)) for (before, after), ids in moves.items()]
        print_table(title, ("from", "to", "records"), rows)
        for (before, after), ids in moves.items():
            named = [f"{id} ({names[id]})" if names.get(id) else id for id in ids[:SHOWN]]
            more = f" ... and {len(ids) - SHOWN:,} more; --json lists them" if len(ids) > SHOWN else ""
            show(f"{before.value} to {after.value}: {', '.join(named)}{more}")
    if found.held:
        say(f"{found.held} more would, but a person or another policy has decided about them")
    if found.unmeasured:
        say(f"{found.unmeasured} records were not measured: nothing is known of them; run `curate validate`")
    if found.not_measured:
        say(f"would look at no record: {', '.join(found.not_measured)}")
    if found.failures:
        differing = [(name, before, after) for name, (before, after) in found.failures.items()]
        print_table("Failing records", ("expectation", "now", "then"), differing)
