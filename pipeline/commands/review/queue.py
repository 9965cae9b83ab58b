"""`curate review queue`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_counts, print_exchanged, print_json, print_table, say, show
from pipeline.commands.progress_bars import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annotation.queue.plan import Queue

#: So many places are shown to a person; --json and the file have them all.
SHOWN = 20


def queue(
    size: Annotated[
        int | None, typer.Option("--size", min=1, help="Places in the queue.", show_default="review.queue.size")
    ] = None,
    control: Annotated[
        float | None,
        typer.Option(
            "--control", min=0, max=1, help="Share of the control sample.", show_default="review.queue.control"
        ),
    ] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Make no queue; send the queued records to Label Studio in their order.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Make no queue; say whether the review is enough.")] = False,
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Choose what people see next and why, send it to Label Studio in that order, or say whether it is enough."""
    if push and stop:
        raise typer.BadParameter("expected one of --push and --stop, got both")
    if push:
        _push(folder, as_json=as_json)
    elif stop:
        _stop(folder, as_json=as_json)
    else:
        given = {"size": size, "control": control}
        _make(folder, {name: value for name, value in given.items() if value is not None}, as_json=as_json)


def _make(folder: Path, changed: dict[str, object], *, as_json: bool) -> None:
    from pipeline.steps.review.queue import make_queue
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        made = make_queue(workspace, store, progress=progress_bar, **changed)
        names = store.source_ids(made.record_ids)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _show(made, names)


def _show(made: Queue, names: Mapping[str, str]) -> None:
    from collections import Counter

    if not made.entries:
        say("no record is open: all are reviewed, queued, or turned away")
        return
    rows = [
        (
            entry.position,
            entry.record_id,
            names.get(entry.record_id, ""),
            entry.signal,
            entry.annotators,
            entry.why,
        )
        for entry in made.entries[:SHOWN]
    ]
    print_table(
        f"Queue {made.number}, the first places", ("place", "record", "source id", "signal", "people", "why"), rows
    )
    print_counts("Places", {"open": made.open, **Counter(entry.signal for entry in made.entries)})


def _push(folder: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from pipeline.steps.review.queue import push_queues
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        print_exchanged("Push", asdict(push_queues(workspace, store, progress=progress_bar)), as_json=as_json)


def _stop(folder: Path, *, as_json: bool) -> None:
    from annotation.queue.wording import sentence
    from pipeline.steps.review.queue import when_to_stop
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = when_to_stop(workspace, store)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(sentence(found, language=workspace.config.review.language))
