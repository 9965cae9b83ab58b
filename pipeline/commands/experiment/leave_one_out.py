"""`curate experiment leave-one-out`"""

from __future__ import annotations

from pathlib import Path
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
from pipeline.commands.options import HERE, DownloadOption, JsonOption, WorkspaceOption
from pipeline.commands.output import say
from pipeline.commands.progress_bars import progress_bar

NAME = "leave-one-out"
SHOTS = "0,5,10,20,50,100"


def leave_one_out(
    sets: Annotated[list[str], typer.Option("--set", metavar="NAME", help="A curated set; two or more, given again.")],
    name: Annotated[str, typer.Option("--name", help="The experiment's name; its finished cells are kept.")] = NAME,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", metavar="FILE", help="Common names for what the sets call otherwise; -: left out (YAML)."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--leave-out", metavar="NAME", help="Leave out this one only; or more.", show_default="each"),
    ] = None,
    shots: Annotated[
        str,
        typer.Option(
            "--shots", metavar="N,N,all", help="Records of the set that is left out, learnt beside the others."
        ),
    ] = SHOTS,
    seeds: SeedsOption = 1,
    split: MeasuredSplitOption = "test",
    figure: FigureOption = None,
    refuse_leaks: Annotated[
        bool,
        typer.Option("--refuse-leaks", help="End where sets have records in common, instead of leaving these out."),
    ] = False,
    keep: KeepOption = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train on all sets but one, with no or few records of that one, and measure how far it carries over."""
    from pipeline.steps.experiment.leave_one_out import leave_one_out as measured
    from pipeline.workspace import Workspace

    wanted = numbers_of("--shots", shots)
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = measured(
            workspace,
            store,
            sets,
            name=name,
            mapping=mapping,
            only=only or (),
            shots=wanted,
            seeds=seeds,
            split=split,
            figure=figure,
            refuse_leaks=refuse_leaks,
            keep=keep,
            progress=progress_bar,
        )
    print_experiment(done, as_json=as_json)
