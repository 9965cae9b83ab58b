"""`curate answers show|forget`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.decision_output import RecordArgument
from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say, show, show_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.models.contract import Attempt

app = typer.Typer(help="Answers of language models: show what came about a record, forget.", no_args_is_help=True)

#: So many letters of a question's key tell it from others in a table; --json has them all.
LETTERS = 12


@app.command("show", short_help="Show what language models were asked about a record, and what came.")
def show_answers(
    record: RecordArgument,
    text: Annotated[bool, typer.Option("--text", help="Also show the answers as they came.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show each attempt to get an answer about a record: how it ended, tokens, cost, time; with --text the words."""
    from pipeline.steps.answers import attempts_about
    from pipeline.workspace import Workspace

    with Workspace.at(folder, notify=say).open_store() as store:
        id, attempts = attempts_about(store, record)
    if as_json:
        print_json({"record": id, "attempts": [_plain(attempt, text=text) for attempt in attempts]})
    elif not attempts:
        say(
            f"no language model was asked about {id}, or its answers are forgotten; an answer that was there for a "
            "record with the very same text stands at that one alone"
        )
    else:
        _show(id, attempts, text=text)


@app.command(short_help="Forget answers of language models.")
def forget(
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Those of this model.")] = None,
    record: Annotated[
        list[str] | None,
        typer.Option("--record", metavar="RECORD", help="Those about this record. May be given several times."),
    ] = None,
    older_than: Annotated[
        int | None, typer.Option("--older-than", metavar="DAYS", min=0, help="Those that came before so many days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be forgotten.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Forget answers of language models to which all of the options apply; layers stay, and the sums of the cost."""
    from pipeline.steps.answers import forget_answers
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        report = forget_answers(
            workspace, store, model=model, references=record or (), days=older_than, dry_run=dry_run
        )
    if as_json:
        print_json(report.as_json())
    else:
        counts = {"answers": report.answers, "attempts": report.attempts, "records": report.records}
        print_counts("Would be forgotten" if dry_run else "Forgotten", counts, what="")
        say(f"they had cost {report.cost:,.4f}; whoever asks the same again pays again, and the layers stay")
    if not (dry_run or report.scrubbed):
        say("another process holds the database, or the disk is full: give the same command again, words may be left")
        raise typer.Exit(1)


def _show(id: str, attempts: Sequence[Attempt], *, text: bool) -> None:
    answers = [attempt.answer for attempt in attempts]
    rows = [
        (
            attempt.time[:19].replace("T", " "),
            attempt.model,
            attempt.purpose,
            attempt.key[:LETTERS],
            attempt.sample,
            attempt.number,
            attempt.state,
            _number(answer.tokens_in if answer else None),
            _number(answer.tokens_out if answer else None),
            "" if answer is None or answer.cost is None else f"{answer.cost:.6f}",
            "" if answer is None else f"{answer.seconds:.1f}",
        )
        for attempt, answer in zip(attempts, answers, strict=True)
    ]
    head = (
        "when (UTC)",
        "model",
        "for",
        "question",
        "sample",
        "attempt",
        "state",
        "tokens in",
        "out",
        "cost",
        "seconds",
    )
    print_table(f"Attempts about {id} ({len(rows)})", head, rows)
    for row, answer in zip(rows, answers, strict=True):
        if text and answer is not None:
            show(f"{row[0]} {row[1]}, question {row[3]}, attempt {row[5]}: {row[6]}")
            show_text(answer.text)


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _plain(attempt: Attempt, *, text: bool) -> dict[str, Any]:
    from dataclasses import asdict

    plain = asdict(attempt)
    if plain["answer"] and not text:
        del plain["answer"]["text"], plain["answer"]["logprobs"]
    return plain
