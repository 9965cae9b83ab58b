"""`curate review ...`: a table of commands, one module for each kind of work."""

from __future__ import annotations

from collections.abc import Callable

import typer

from pipeline.commands import quarantine
from pipeline.commands.review import (
    adjudicate,
    agreement,
    backend,
    calibration,
    decisions,
    guidelines,
    progress,
    proxy,
    pull,
    push,
    queue,
    secure,
    server,
    status,
    watch,
)

app = typer.Typer(help="Review in Label Studio, from the server to the answers.", no_args_is_help=True)

#: In the order in which the work is done.
COMMANDS: dict[str, Callable[..., None]] = {
    "install": server.install,
    "start": server.start,
    "stop": server.stop,
    "add-annotator": server.add_annotator,
    "proxy": proxy.proxy,
    "queue": queue.queue,
    "push": push.push,
    "pull": pull.pull,
    "watch": watch.watch,
    "list": decisions.list_waiting,
    "show": quarantine.show,
    "accept": decisions.accept,
    "reject": decisions.reject,
    "reopen": decisions.reopen,
    "progress": progress.progress,
    "backend": backend.backend,
    "guidelines": guidelines.guidelines,
    "agreement": agreement.agreement,
    "calibration": calibration.calibration,
    "status": status.status,
    "secure": secure.secure,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
app.add_typer(adjudicate.app, name="adjudicate")
