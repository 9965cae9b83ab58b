"""`curate records list|show|delete|erase-originals`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.decision_output import ByOption, RecordArgument, print_log
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say, show_text
from pipeline.commands.whoami import signer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curation.store import Store
    from pipeline.steps.records import DeletionReport, RecordHistory
    from pipeline.workspace import Workspace

app = typer.Typer(help="Records: list, show, delete for good, erase originals.", no_args_is_help=True)

#: So many rows are shown to a person; --json has them all.
SHOWN = 200


@app.command("list", short_help="Show which records there are.")
def list_records(
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only of this source.")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="CODE", help="Only in this language.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Only of this group (patient).")] = None,
    verdict: Annotated[
        str | None,
        typer.Option("--verdict", metavar="VERDICT", help="Only with this verdict on text, a layer or privacy."),
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", metavar="NAME", help="Only with this layer.")] = None,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show which records there are: by what their source calls them, with layers and verdicts; no text."""
    from curation.decision import Verdict
    from curation.store.references import RecordFilter
    from pipeline.steps.records import list_records as list_all
    from pipeline.steps.review.decisions import word_of
    from pipeline.workspace import Workspace

    asked = None if verdict is None else word_of(Verdict, "a verdict", verdict)
    chosen = RecordFilter(source, language, group, asked, layer)
    with Workspace.at(folder, notify=say).open_store() as store:
        found = list_all(store, chosen)
    if as_json:
        print_json(
            {
                "records": [
                    row.record.model_dump(mode="json", include={"id", "group", "source", "language", "translation_of"})
                    | {"source_id": row.source_id, "characters": len(row.record.text)}
                    | {"layers": list(row.layers), "verdicts": dict(row.verdicts)}
                    for row in found
                ]
            }
        )
        return
    rows = [
        (
            row.record.id,
            row.source_id or "",
            row.record.group,
            row.record.source,
            row.record.language,
            len(row.record.text),
            ", ".join(row.layers),
            ", ".join(f"{of}: {verdict}" for of, verdict in row.verdicts.items()),
        )
        for row in found[:SHOWN]
    ]
    head = ("record", "source id", "group", "source", "language", "characters", "layers", "verdicts")
    print_table(f"Records ({len(found)})", head, rows)
    if len(found) > SHOWN:
        say(f"{len(found) - SHOWN} more; --json shows all")


@app.command(short_help="Show all that is known of a record.")
def show(record: RecordArgument, folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show all that is known of a record: text, layers by author, verdicts, events, sets, where it was sent."""
    from pipeline.steps.records import record_history
    from pipeline.workspace import Workspace

    with Workspace.at(folder, notify=say).open_store() as store:
        found = record_history(store, record)
        names = store.source_ids([found.record.id])
    if not as_json:
        _show(found, names)
        return
    print_json(
        {
            "record": found.record.model_dump(mode="json") | {"source_id": names.get(found.record.id)},
            "layers": [layer.model_dump(mode="json") for layer in found.layers],
            "decisions": [decision.model_dump(mode="json") for decision in found.decisions],
            "measures": found.measures,
            "events": [event.model_dump(mode="json") for event in found.events],
            "tasks": [task.model_dump(mode="json") for task in found.tasks],
            "sets": dict(found.sets),
            "sent_to": list(found.sent_to),
            "answers": found.answers,
        }
    )


def _show(found: RecordHistory, names: Mapping[str, str]) -> None:
    record = found.record
    about = {
        "source id": names.get(record.id, ""),
        "group": record.group,
        "source": record.source,
        "language": record.language,
        "translation of": record.translation_of or "",
        "licence": record.licence or "",
        "in sets": ", ".join(f"{name} ({split})" for name, split in found.sets.items()),
        "tasks in Label Studio": ", ".join(f"{task.project}: {task.task_id}" for task in found.tasks),
        "sent to": ", ".join(found.sent_to),
        "answers of language models": f"{found.answers} (curate answers show)" if found.answers else "",
    }
    print_counts(f"Record {record.id}", {name: value for name, value in about.items() if value}, what="")
    show_text(record.text)
    for layer in {layer.name: layer for layer in found.layers}.values():
        versions = sum(other.name == layer.name for other in found.layers)
        judged = found.judged(layer)
        head = ("category", "wording", "offsets", "assertion", *(("judge",) if judged else ()))
        rows: list[tuple[str, ...]] = [
            (
                entity.category,
                entity.text,
                ", ".join(f"{start}-{end}" for start, end in entity.spans),
                entity.assertion,
                *((judged[entity.id],) if judged else ()),
            )
            for entity in layer.entities
        ]
        rows += [(name, value, *("" for _ in head[2:])) for name, value in layer.labels.items()]
        title = f"Layer {layer.name} by {layer.author}, {layer.created:%Y-%m-%d %H:%M} UTC, version {versions}"
        print_table(title, head, rows)
    print_log("Decisions", found.decisions, names)
    if found.events:
        events = [(f"{event.created:%Y-%m-%d %H:%M}", event.kind, "; ".join(event.reasons)) for event in found.events]
        print_table("Events of the review", ("when (UTC)", "what", "why"), events)


@app.command(short_help="Delete records for good.")
def delete(
    records: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECORD]...", help="Records: source ids, hashes, or the first letters of hashes."),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="All records of this group: a patient's.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for good.")] = None,
    by: ByOption = None,
    force: Annotated[bool, typer.Option("--force", help="Also members of curated sets, which it breaks.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be deleted.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Delete records for good, with copies, layers, verdicts, pages, tasks; tell what still holds their words."""
    from curation.errors import UsageError
    from pipeline.steps.records import delete_records, plan_deletion
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    if not dry_run and not (reason or "").strip():
        raise UsageError("expected why the records are deleted; give --reason TEXT (or --dry-run)")
    person = "" if dry_run else signer(by)
    with workspace.open_store() as store:
        ids, gone = _references(workspace, store, records or [], group, dry_run=dry_run)
        if gone is not None:
            report = gone
        elif dry_run:
            report = plan_deletion(workspace, store, ids)
        else:
            report = delete_records(workspace, store, ids, by=person, reason=str(reason).strip(), force=force)
    print_json(report.as_json()) if as_json else _tell(report)
    if report.problems:
        raise typer.Exit(1)


@app.command("erase-originals", short_help="Delete the originals of de-identified records for good.")
def erase_originals(
    by: ByOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also members of curated sets, which it breaks.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be deleted.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Delete the records that de-identification has set aside, as `delete` does; their de-identified records stay."""
    from pipeline.steps.records import erase_originals as erase
    from pipeline.steps.records import plan_erasure
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    person = "" if dry_run else signer(by)
    with workspace.open_store() as store:
        if dry_run or not yes:
            report = plan_erasure(workspace, store, force=force)
            if report.records and not as_json:
                _list_originals(store, report)
        if not dry_run:
            if not yes:
                _ask(report, as_json=as_json)
            report = erase(workspace, store, by=person, force=force)
    print_json(report.as_json()) if as_json else _tell(report)
    if report.problems or (report.left and not dry_run):
        raise typer.Exit(1)


def _list_originals(store: Store, report: DeletionReport) -> None:
    names = store.source_ids(report.records)
    rows = [(id, names.get(id, "")) for id in report.records[:SHOWN]]
    print_table(f"Originals ({len(report.records)})", ("record", "source id"), rows)
    if len(report.records) > SHOWN:
        say(f"{len(report.records) - SHOWN} more; --json shows all")


def _ask(report: DeletionReport, *, as_json: bool) -> None:
    """Ends the command, unless a person agrees, or there is nothing to agree to."""
    from curation.errors import UsageError

    if not report.records:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"expected --yes to delete {len(report.records)} originals for good (or --dry-run); got neither"
        )
    _tell(report)
    if not typer.confirm(f"Delete these {len(report.records)} originals for good?", err=True):
        say("nothing was deleted")
        raise typer.Exit(1)


def _references(
    workspace: Workspace, store: Store, records: list[str], group: str | None, *, dry_run: bool
) -> tuple[list[str], DeletionReport | None]:
    """The ids of the records; where they were deleted before, what was left to do of that, done now."""
    from curation.errors import UsageError
    from pipeline.steps.records import deleted_before, finish_deletions, records_to_delete, unfinished, was_stopped

    try:
        return records_to_delete(store, records, group), None
    except UsageError:
        before = [line for record in records for line in deleted_before(store, record)]
        if dry_run or not (records or group) or not (before or unfinished(store) or was_stopped(store)):
            raise
    for line in before:
        say(f"{line.record_id} was deleted on {line.time[:10]} by {line.by}")
    if not before:
        say("there is no such record (any more); an earlier deletion did not come to its end and is finished now")
    return [], finish_deletions(workspace, store)


def _tell(report: DeletionReport) -> None:
    done = "Would be deleted" if report.dry_run else "Deleted"
    print_counts(done, {name.replace("_", " "): count for name, count in report.counts.items()}, what="")
    if made := len(report.records) - report.asked:
        say(f"{made} of the records are translations or de-identified copies of those that were named")
    held: dict[str, Any] = {
        "lose members; their content hashes fit no more, freeze anew": [
            f"{name} ({count})" for name, count in report.sets.items()
        ],
        "originals that stay": [f"{count} {reason}" for reason, count in report.left.items()],
        "exports still hold the texts": report.exports,
        "files still hold words of them": report.files,
        "adapters were trained on them": report.adapters,
        "were sent to": [f"{address} ({count})" for address, count in report.sent_to.items()],
        "questions about them lie at a provider, answers are not kept (`curate batches cancel BATCH` calls one off, "
        "`curate batches collect` deletes its files there once it is over)": [
            f"{name} ({count})" for name, count in report.batches.items()
        ],
        "stay, though these were made from them": report.originals,
        "have the very same text": report.same_text,
        "tasks in projects that this Label Studio does not have": [
            f"{task.project}: {task.task_id}" for task in report.tasks_elsewhere
        ],
        "would be deleted" if report.dry_run else "pages were deleted, which the commands make anew": report.pages,
        "tasks to delete" if report.dry_run else "tasks are left": [
            f"{task.project}: {task.task_id}" for task in report.tasks_left
        ],
    }
    for what, names in held.items():
        if names:
            say(f"{what}: {', '.join(names)}")
    for problem in report.problems:
        say(problem)
