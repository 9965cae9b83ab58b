"""`curate prompt ...`: a table of commands, one module each."""

from __future__ import annotations

from collections.abc import Callable

import typer

from pipeline.commands.prompt import diff, listed, preview, render, show

app = typer.Typer(help="Prompts: list, show, fill for a record, compare, try another one.", no_args_is_help=True)

COMMANDS: dict[str, Callable[..., None]] = {
    "list": listed.list_prompts,
    "show": show.show,
    "render": render.render,
    "diff": diff.diff,
    "preview": preview.preview,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
