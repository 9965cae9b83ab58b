"""`curate scheme ...`: a table of commands, one module each."""

from __future__ import annotations

from collections.abc import Callable

import typer

from pipeline.commands.scheme import check, diff, migrate, new

app = typer.Typer(help="Schemes of your own: made, checked, compared, and layers carried along.", no_args_is_help=True)

#: In the order in which the work is done.
COMMANDS: dict[str, Callable[..., None]] = {
    "new": new.new,
    "check": check.check,
    "diff": diff.diff,
    "migrate": migrate.migrate,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
