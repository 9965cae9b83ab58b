"""`curate experiment learning-curve`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.experiment.options import (
    FigureOption,
    KeepOption,
    MeasuredSplitOption,
    SeedsOption,
    numbers_of,
    print_experiment,
)
from pipeline.commands.options import HERE, DownloadOption, JsonOption, SetOption, WorkspaceOption
from pipeline.commands.output import say
from pipeline.commands.progress_bars import progress_bar

NAME = "learning-curve"


def learning_curve(
    name: Annotated[str, typer.Option("--name", help="The experiment's name; its finished cells are kept.")] = NAME,
    curated: SetOption = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            "--sizes",
            metavar="N,N,all",
            help="Numbers of training records, each of which contains the smaller ones; all: the whole.",
            show_default="the whole and halves of it",
        ),
    ] = None,
    seeds: SeedsOption = 3,
    split: MeasuredSplitOption = "test",
    reach: Annotated[
        list[float] | None,
        typer.Option("--reach", metavar="F1", help="How many records this takes, by the fit. May be given again."),
    ] = None,
    gain: Annotated[
        list[str] | None,
        typer.Option("--gain", metavar="N:N", help="What it brings to go from one size to another, such as 200:300."),
    ] = None,
    figure: FigureOption = None,
    keep: KeepOption = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train on growing parts of a set, and tell what more records bring and how many a score would take."""
    from pipeline.steps.experiment.learning_curve import learning_curve as measured
    from pipeline.workspace import Workspace

    wanted, pairs = numbers_of("--sizes", sizes) if sizes is not None else [], [_gain(word) for word in gain or ()]
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = measured(
            workspace,
            store,
            name=name,
            curated=curated,
            sizes=wanted,
            seeds=seeds,
            split=split,
            figure=figure,
            reach=reach or (),
            gains=pairs,
            keep=keep,
            progress=progress_bar,
        )
    print_experiment(done, as_json=as_json)


def _gain(word: str) -> tuple[int, int]:
    from curation.errors import UsageError

    smaller, colon, larger = word.partition(":")
    if not (colon and smaller.isascii() and smaller.isdigit() and larger.isascii() and larger.isdigit()):
        raise UsageError(f"expected --gain as two sizes, such as 200:300, got {word!r}")
    return int(smaller), int(larger)
