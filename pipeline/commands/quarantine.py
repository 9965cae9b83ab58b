"""`curate quarantine ...`: what validation has set aside, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic import JsonValue

    from curation.decision import Decision
    from pipeline.steps.quarantine import Decide

PrivacyOption = Annotated[
    str | None,
    typer.Option(
        "--privacy",
        metavar="DESTINATION",
        help="Decide about identifiers too: for model, label-studio, export, hub, database, server, or `anywhere`.",
        show_default="identifiers stay as they are",
    ),
]
RecordArgument = Annotated[list[str], typer.Argument(metavar="RECORD...", help="Ids of records.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for good.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who decides.", show_default="the name of the user's account"),
]


def list_quarantined(
    expectation: Annotated[
        str | None, typer.Option("--expectation", metavar="NAME", help="Only records that failed this one.")
    ] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show the records that are set aside: what each failed, with the observed value and the threshold."""
    from pipeline.workspace import Workspace
    from validation.quarantine import expectations_of, quarantined

    with Workspace.at(folder, notify=say).open_store() as store:
        found = quarantined(store, expectation=expectation)
    if as_json:
        print_json({"quarantined": [_plain(decision) for decision in found]})
        return
    rows = [
        (
            decision.record_id,
            decision.subject_name,
            decision.reason,
            ", ".join(sorted(expectations_of(decision))),
            decision.by,
        )
        for decision in found
    ]
    records = len({decision.record_id for decision in found})
    print_table(f"Quarantine ({records})", ("record", "of", "reason", "failed", "by"), rows)


def show(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Id of a record.")],
    text: Annotated[bool, typer.Option("--text", help="Also print the record's text.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show a record's failures and everything that was ever decided about it."""
    from pipeline.workspace import Workspace
    from validation.quarantine import case

    with Workspace.at(folder, notify=say).open_store() as store:
        found = case(store, record)
    if as_json:
        words = {"text": found.record.text} if text else {}
        print_json({"record": record, **words, "history": [_plain(decision) for decision in found.history]})
        return
    failures: list[Any] = [(decision.subject_name, failure) for decision, failure in found.failures]
    print_table(
        f"Failures of {record}",
        ("of", "expectation", "severity", "observed", "threshold", "beside"),
        [
            (
                subject,
                failure["expectation"],
                failure["severity"],
                failure["observed"],
                _pairs(failure["threshold"]),
                _pairs(failure.get("beside")),
            )
            for subject, failure in failures
        ],
    )
    _log("Decisions", found.history)
    if text:
        print(found.record.text)


def release(
    records: RecordArgument,
    reason: ReasonOption,
    by: ByOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Accept what keeps records in quarantine; validation leaves this decision alone."""
    from validation.quarantine import release as decide

    _decide_all(decide, records, reason=reason, by=by, privacy=privacy, folder=folder, as_json=as_json)


def reject(
    records: RecordArgument,
    reason: ReasonOption,
    by: ByOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Turn away for good what keeps records in quarantine: the text, or the layer."""
    from validation.quarantine import reject as decide

    _decide_all(decide, records, reason=reason, by=by, privacy=privacy, folder=folder, as_json=as_json)


def log(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show every decision that a person has made: who, when, what and why."""
    from pipeline.workspace import Workspace
    from validation.quarantine import audit

    with Workspace.at(folder, notify=say).open_store() as store:
        found = list(audit(store))
    if as_json:
        print_json({"decisions": [_plain(decision) for decision in found]})
    else:
        _log(f"Decisions by people ({len(found)})", found)


app = typer.Typer(help="What validation has set aside: list, show, release, reject.", no_args_is_help=True)
COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_quarantined,
    "show": show,
    "release": release,
    "reject": reject,
    "log": log,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)


def _decide_all(
    decide: Decide, records: list[str], *, reason: str, by: str | None, privacy: str | None, folder: Path, as_json: bool
) -> None:
    """The decisions on each record; those that cannot be decided are named, and the others still are."""
    from getpass import getuser

    from pipeline.steps.quarantine import decide_records
    from pipeline.workspace import Workspace

    with Workspace.at(folder, notify=say).open_store() as store:
        decisions = decide_records(store, records, decide, by=by or getuser(), reason=reason, privacy=privacy)
    if as_json:
        refused: list[JsonValue] = [list(pair) for pair in decisions.refused]
        made: list[JsonValue] = [_plain(decision) for decision in decisions.made]
        print_json({"decided": made, "refused": refused, "still_in_quarantine": list(decisions.still_in_quarantine)})
    else:
        for decision in decisions.made:
            say(f"{decision.record_id}: {decision.subject_name} {decision.verdict.value} by {decision.by}")
        for record in decisions.still_in_quarantine:
            say(f"{record}: its identifiers keep it in quarantine; --privacy anywhere decides about all destinations")
        for record, why in decisions.refused:
            say(f"{record}: {why}")
    if decisions.refused:
        raise typer.Exit(1)


def _log(title: str, decisions: Iterable[Decision]) -> None:
    rows = [
        (
            f"{decision.created:%Y-%m-%d %H:%M}",
            decision.record_id,
            decision.subject_name,
            decision.verdict.value,
            decision.by,
            decision.reason,
        )
        for decision in decisions
    ]
    print_table(title, ("when (UTC)", "record", "of", "verdict", "by", "reason"), rows)


def _plain(decision: Decision) -> dict[str, Any]:
    return decision.model_dump(mode="json")


def _pairs(values: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (values or {}).items() if value is not None)
