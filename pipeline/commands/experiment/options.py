"""Options and the output that the kinds of experiments share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.output import print_json, print_table, say, show

if TYPE_CHECKING:
    from pipeline.steps.experiment.workplace import DoneExperiment

SeedsOption = Annotated[
    int, typer.Option("--seeds", min=1, help="So many trainings of each, which begin with training.seed.")
]
MeasuredSplitOption = Annotated[str, typer.Option("--split", help="The split that is measured on: test, validation.")]
FigureOption = Annotated[
    str | None,
    typer.Option(
        "--figure",
        metavar="NAME",
        help="The figure that is looked at, such as strict, lenient or relations strict; the table of cells has all.",
        show_default="that of the task",
    ),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the adapter of each cell in the experiment's folder.")]


def numbers_of(option: str, words: str) -> list[int | None]:
    """Whole numbers with commas between them; None for the word `all`. Raises UsageError for any other word."""
    from curation.errors import UsageError

    found: list[int | None] = []
    for word in (part.strip() for part in words.split(",")):
        if word == "all":
            found.append(None)
        elif word.isascii() and word.isdigit():
            found.append(int(word))
        else:
            raise UsageError(f"expected {option} as whole numbers and all, such as 25,50,all, got {words!r}")
    return found


def print_experiment(done: DoneExperiment, *, as_json: bool, tables: int = 2) -> None:
    """The answers and the first tables of an experiment for people, or all of it as one object."""
    if as_json:
        print_json(done.as_json())
        return
    for table in done.result.tables[:tables]:
        if table.rows:
            print_table(
                table.title, table.head, [["-" if cell is None else cell for cell in row] for row in table.rows]
            )
    for answer in done.result.answers:
        show(answer)
    for line in done.result.about:
        say(line)
    say(f"report: {done.page}")
