"""`curate review watch`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import HERE, WorkspaceOption
from pipeline.commands.output import print_json_line, say

if TYPE_CHECKING:
    from pydantic import JsonValue


def watch(
    folder: WorkspaceOption = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Bring what people say in as soon as they save it, until Ctrl-C."""
    import signal
    import threading

    from annotation.label_studio.watch.loop import WatchSignal
    from pipeline.steps.review.watch import watch_reviews
    from pipeline.workspace import Workspace

    watch_signal = WatchSignal()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not here and now: its lock may be held by the very thread that the signal interrupted.
        signal.signal(number, lambda *_: threading.Thread(target=watch_signal.stop, daemon=True).start())
    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        watch_reviews(workspace, store, watch_signal, _as_json if as_json else _for_people)


def _as_json(event: str, found: dict[str, JsonValue]) -> None:
    print_json_line({"event": event, **found})


def _for_people(event: str, found: dict[str, JsonValue]) -> None:
    figures = ", ".join(f"{name} {value}" for name, value in found.items() if isinstance(value, int | float | str))
    say(f"{event}: {figures}")
    for name in ("refused", "in_doubt", "deleted", "overwritten", "conflicts"):
        several = found.get(name)
        for item in several if isinstance(several, list) else ():
            say(f"  {name}: {item if isinstance(item, str) else ': '.join(map(str, item))}")  # type: ignore[arg-type]
