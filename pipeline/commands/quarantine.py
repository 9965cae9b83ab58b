"""`curate quarantine ...`: what validation has set aside, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from pipeline.commands.decision_output import (
    LISTED,
    ByOption,
    ReasonOption,
    RecordArgument,
    RecordsArgument,
    decide_all,
    plain,
    plain_standing,
    print_log,
    print_open,
    source_ids,
)
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say, say_standing, show_text

PrivacyOption = Annotated[
    str | None,
    typer.Option(
        "--privacy",
        metavar="DESTINATION",
        help="Decide about identifiers too: for model, label-studio, export, hub, database, server, or `anywhere`.",
        show_default="identifiers stay as they are",
    ),
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
    from validation.quarantine import quarantined
    from validation.standing import standings

    with Workspace.at(folder, notify=say).open_store() as store:
        found = quarantined(store, expectation=expectation)
        names = source_ids(store, found if as_json else found[:LISTED])
        standing = standings(store)
    if as_json:
        print_json({"quarantined": [plain_standing(decision, names) for decision in found], "standing": dict(standing)})
    else:
        print_open("Quarantine", found, names)
        say_standing(standing)


def show(
    record: RecordArgument,
    text: Annotated[bool, typer.Option("--text", help="Also print the record's text.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show a record's failures and everything that was ever decided about it."""
    from pipeline.workspace import Workspace
    from validation.quarantine import case

    with Workspace.at(folder, notify=say).open_store() as store:
        found = case(store, store.find_record(record))
        names = source_ids(store, found.history)
    id = found.record.id
    if as_json:
        words = {"text": found.record.text} if text else {}
        history: list[Any] = [plain(decision, names) for decision in found.history]
        print_json({"record": id, "source_id": names.get(id), **words, "history": history})
        return
    failures: list[Any] = [(decision.subject_name, failure) for decision, failure in found.failures]
    print_table(
        f"Failures of {id} {names.get(id, '')}".rstrip(),
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
    print_log("Decisions", found.history, names)
    if text:
        show_text(found.record.text)


def release(
    records: RecordsArgument,
    reason: ReasonOption,
    by: ByOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Accept what keeps records in quarantine; validation leaves this decision alone."""
    from validation.quarantine import release as decide

    decide_all(records, partial(decide, reason=reason, privacy=privacy), by=by, folder=folder, as_json=as_json)


def reject(
    records: RecordsArgument,
    reason: ReasonOption,
    by: ByOption = None,
    privacy: PrivacyOption = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Turn away for good what keeps records in quarantine: the text, or the layer."""
    from validation.quarantine import reject as decide

    decide_all(records, partial(decide, reason=reason, privacy=privacy), by=by, folder=folder, as_json=as_json)


def log(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show every decision that a person has made: who, when, what and why."""
    from pipeline.workspace import Workspace
    from validation.quarantine import audit

    with Workspace.at(folder, notify=say).open_store() as store:
        found = list(audit(store))
        names = source_ids(store, found)
    if as_json:
        print_json({"decisions": [plain(decision, names) for decision in found]})
    else:
        print_log(f"Decisions by people ({len(found)})", found, names)


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


def _pairs(values: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (values or {}).items() if value is not None)
