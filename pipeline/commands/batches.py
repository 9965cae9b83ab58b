"""`curate batches list|collect|cancel|forget`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.steps.batches import BatchesReport, BatchRow

app = typer.Typer(
    help="Batches of questions to language models: list, collect, call off, forget.", no_args_is_help=True
)

BatchesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[BATCH]...", help="Batches, by the names that `list` shows.")
]


@app.command("list", short_help="Show which batches lie at providers.")
def list_batches(
    all_of_them: Annotated[bool, typer.Option("--all", help="Also those of which nothing lies there now.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show which batches lie at providers, as they were when they were looked at last; nothing is asked there."""
    from pipeline.steps.batches import list_batches as list_all
    from pipeline.workspace import Workspace

    with Workspace.at(folder, notify=say).open_store() as store:
        rows = list_all(store, ended=all_of_them)
    if as_json:
        print_json({"batches": [row.model_dump(mode="json") for row in rows]})
    elif rows:
        show_batches(rows)
    else:
        say("no batch lies at a provider")


@app.command(short_help="Keep what has come of batches, and delete their files at the provider.")
def collect(batches: BatchesArgument = None, folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Ask how far batches are, keep what has come, and delete their files; `curate annotate` makes layers of it."""
    from pipeline.steps.batches import collect_batches
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        report = collect_batches(workspace, store, batches or ())
    _tell(report, as_json=as_json)


@app.command(short_help="Call batches off at the provider.")
def cancel(batches: BatchesArgument = None, folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Call batches off at the provider; what was done by then is paid for and kept, `collect` gets it."""
    from pipeline.steps.batches import cancel_batches
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        report = cancel_batches(workspace, store, batches or ())
    _tell(report, as_json=as_json)


@app.command(short_help="Forget batches here, without a word to the provider.")
def forget(batches: BatchesArgument = None, folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Forget batches that the provider has lost: their questions are asked anew. Files there stay as they are."""
    from pipeline.steps.batches import forget_batches
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        rows = forget_batches(workspace, store, batches or ())
    if as_json:
        print_json({"forgotten": [row.model_dump(mode="json") for row in rows]})
        return
    for row in rows:
        files = f"; these files may lie at {row.address}: {', '.join(row.files)}" if row.files else ""
        say(f"{row.batch} is forgotten, {row.open:,} questions are open again{files}")


def show_batches(rows: Sequence[BatchRow]) -> None:
    """A table of batches."""
    print_table(
        f"Batches ({len(rows)})",
        ("batch", "model", "for", "at", "state", "status there", "questions", "open", "expected cost", "lines", "sent"),
        [
            (
                row.batch,
                row.model,
                row.purpose,
                row.address,
                row.state,
                row.status or "",
                row.questions,
                row.open,
                "" if row.expected_cost is None else f"{row.expected_cost:,.4f}",
                ", ".join(f"{name} {count:,}" for name, count in row.lines.items()),
                (row.sent or "")[:16].replace("T", " "),
            )
            for row in rows
        ],
    )


def _tell(report: BatchesReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
    else:
        if report.batches:
            show_batches(report.batches)
        print_counts(f"What came of {report.collected} batches", report.lines, what="lines")
        if report.lines.get("answered"):
            say("the answers are kept; `curate annotate` with the same model makes layers of them and pays nothing")
    for name, problem in report.problems.items():
        say(f"batch {name}: {problem}")
    if report.problems:
        raise typer.Exit(1)
