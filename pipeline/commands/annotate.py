"""`curate annotate`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import HERE, DownloadOption, JsonOption, RetryOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_json, print_table, say
from pipeline.commands.progress_bars import progress_bar


def annotate(
    annotator: Annotated[
        str, typer.Option("--with", help="rules, few-shot, adapter:NAME (or its folder), or llm:MODEL.")
    ],
    layer: Annotated[str | None, typer.Option("--layer", help="The layer to write; else the annotator's own.")] = None,
    retry_failed: RetryOption = False,
    download: DownloadOption = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Have an annotator write its layer on every record that lacks it."""
    from pipeline.steps.annotate import annotate as annotate_all
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        done = annotate_all(workspace, store, annotator, layer=layer, retry_failed=retry_failed, progress=progress_bar)
    if as_json:
        print_json(done.as_json())
    else:
        print_table(
            "Annotate",
            ("stage", "done", "unchanged", "failed", "a second"),
            [(done.stage, done.done, done.unchanged, done.failed, done.rate)],
        )
        print_counts("What annotate mended, read otherwise or left out", done.notes, what="times")
        if done.may_pass:
            say(f"{done.may_pass} records failed by no fault of theirs; the same command tries them again by itself")
        if done.failed_before:
            say(f"{done.failed_before} records failed before and were not tried again; --retry-failed does")
    if done.failed or done.failed_before:
        raise typer.Exit(1)
