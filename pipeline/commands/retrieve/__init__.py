"""`curate retrieve ...`: a table of commands, one module each; a record in the place of a command is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from pipeline.commands.printable_errors import PrintableErrors
from pipeline.commands.retrieve import serve, show

#: The command that is meant where none is named.
FIRST = "show"


class RetrieveCommands(PrintableErrors):
    """The commands; what is none of them is what `show` is to show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the command in front."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [FIRST, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    help="The examples of a curated set that a record's prompt would get: `curate retrieve RECORD`, or over HTTP.",
    cls=RetrieveCommands,
    no_args_is_help=True,
)

#: In the order in which the work is done.
COMMANDS: dict[str, Callable[..., None]] = {
    "show": show.show,
    "serve": serve.serve,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
