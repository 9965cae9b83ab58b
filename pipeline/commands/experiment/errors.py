"""`curate experiment errors`"""

from __future__ import annotations

from typing import Annotated

import typer

from curation.author import GOLD
from pipeline.commands.experiment.options import print_experiment
from pipeline.commands.options import HERE, DownloadOption, JsonOption, WorkspaceOption
from pipeline.commands.output import say
from pipeline.commands.progress_bars import progress_bar

NAME = "errors"


def errors(
    layers: Annotated[
        list[str],
        typer.Argument(metavar="LAYER...", help="One layer or two; adapter:NAME annotates now, and stores nothing."),
    ],
    name: Annotated[str, typer.Option("--name", help="The experiment's name.")] = NAME,
    gold: Annotated[
        list[str] | None,
        typer.Option(
            "--gold",
            metavar="LAYER",
            help="The trusted layer; several: the first that a record has.",
            show_default=GOLD,
        ),
    ] = None,
    curated: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Only records of a curated set.", show_default="all")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="Which split of the set.", show_default="test")] = None,
    excerpts: Annotated[
        int | None,
        typer.Option(
            "--excerpts",
            min=0,
            help="Examples with their words on the page, at most (clinical text).",
            show_default="training.excerpts",
        ),
    ] = None,
    training_records: Annotated[
        bool, typer.Option("--training-records", help="Also records that an author of a layer has learnt from.")
    ] = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Tell what layers get wrong: boundaries, categories, what is missed or invented, arguments of relations."""
    from pipeline.steps.experiment.errors import errors as counted
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = counted(
            workspace,
            store,
            layers,
            name=name,
            gold=gold or (GOLD,),
            curated=curated,
            split=split,
            excerpts=excerpts,
            training_records=training_records,
            progress=progress_bar,
        )
    print_experiment(done, as_json=as_json, tables=4)
