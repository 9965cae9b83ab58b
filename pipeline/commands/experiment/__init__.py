"""`curate experiment ...`: a table of kinds of experiments, one module each."""

from __future__ import annotations

from collections.abc import Callable

import typer

from pipeline.commands.experiment import compare, errors, learning_curve, leave_one_out

app = typer.Typer(
    help="Experiments on curated sets, resumable: learning curves, transfer, comparisons, errors.", no_args_is_help=True
)

COMMANDS: dict[str, Callable[..., None]] = {
    "learning-curve": learning_curve.learning_curve,
    "leave-one-out": leave_one_out.leave_one_out,
    "compare": compare.compare,
    "errors": errors.errors,
}
for name, function in COMMANDS.items():
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
