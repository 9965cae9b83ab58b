"""`curate experiment compare`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.experiment.options import (
    FigureOption,
    KeepOption,
    MeasuredSplitOption,
    SeedsOption,
    print_experiment,
)
from pipeline.commands.options import (
    HERE,
    DownloadOption,
    JsonOption,
    MaxCostOption,
    MaxTimeOption,
    MaxTokensOption,
    SetOption,
    WithScoresOption,
    WorkspaceOption,
)
from pipeline.commands.output import say
from pipeline.commands.progress_bars import progress_bar

NAME = "compare"


def compare(
    variants: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The variants by name, in YAML or TOML: settings of training, or annotators."
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="The experiment's name; its finished cells are kept.")] = NAME,
    curated: SetOption = None,
    seeds: SeedsOption = 1,
    split: MeasuredSplitOption = "test",
    figure: FigureOption = None,
    asked: WithScoresOption = None,
    keep: KeepOption = False,
    max_cost: MaxCostOption = None,
    max_tokens: MaxTokensOption = None,
    max_time: MaxTimeOption = None,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Train and ask variants on one test split: full or LoRA, encoder or decoder, prompts, examples, rules."""
    from pipeline.spending import Caps
    from pipeline.steps.experiment.compare import compare as compared
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = compared(
            workspace,
            store,
            variants,
            name=name,
            curated=curated,
            seeds=seeds,
            split=split,
            figure=figure,
            asked=asked or (),
            caps=Caps(max_cost, max_tokens, max_time),
            keep=keep,
            progress=progress_bar,
        )
    print_experiment(done, as_json=as_json)
