"""The `curate` command: the table of commands, and exit codes for errors.

Exit codes: 0 done, 1 the job failed or some input was refused, 2 wrong usage, 130 interrupted, 143 ended by SIGTERM
(129 by SIGHUP).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Annotated, Any

import typer
from typer.main import get_command

from curation.private_files import UMASK
from pipeline.commands import (
    annotate,
    answers,
    audit,
    batches,
    compare,
    deidentify,
    doctor,
    drift,
    evaluate,
    experiment,
    export,
    freeze,
    generate,
    imports,
    init,
    judge,
    leakage,
    models,
    prompt,
    quarantine,
    records,
    report,
    retrieve,
    review,
    run,
    scheme,
    status,
    train,
    translate,
    trust,
    validate,
    whoami,
)
from pipeline.commands.next_steps import add_next_steps
from pipeline.commands.output import say
from pipeline.commands.printable_errors import PrintableErrors
from pipeline.commands.version import print_version
from pipeline.signals import ended_like_interrupts

app = typer.Typer(
    name="curate",
    cls=PrintableErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

#: In the order in which the work is done.
COMMANDS: dict[str, Callable[..., None]] = {
    "init": init.init,
    "whoami": whoami.whoami,
    "trust": trust.trust,
    "import": imports.import_sources,
    "generate": generate.generate,
    "annotate": annotate.annotate,
    "judge": judge.judge,
    "translate": translate.translate,
    "deidentify": deidentify.deidentify,
    "validate": validate.validate,
    "report": report.report,
    "freeze": freeze.freeze,
    "drift": drift.drift,
    "leakage": leakage.leakage,
    "train": train.train,
    "evaluate": evaluate.evaluate,
    "compare": compare.compare,
    "export": export.export,
    "run": run.run,
    "status": status.status,
    "audit": audit.audit,
    "doctor": doctor.doctor,
}
for name, function in COMMANDS.items():
    # The whole line: by default, Typer cuts it short in the list of commands.
    app.command(name, short_help=(function.__doc__ or "").splitlines()[0])(function)
app.add_typer(experiment.app, name="experiment")
app.add_typer(scheme.app, name="scheme")
app.add_typer(prompt.app, name="prompt")
app.add_typer(models.app, name="models")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(records.app, name="records")
app.add_typer(answers.app, name="answers")
app.add_typer(batches.app, name="batches")
app.add_typer(retrieve.app, name="retrieve")
app.add_typer(review.app, name="review")
add_next_steps(app)


@app.callback()
def curate(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """From free-text clinical reports to a data set that can be trusted and a small model of your own."""


@cache
def command_for(word: str | None) -> Any:
    """What runs a command line that begins with this word: its command alone, since to build all of them takes a tenth
    of a second; all of them for help and for a word that is none."""
    alone = copy(app)
    alone.registered_commands = [command for command in app.registered_commands if command.name == word]
    alone.registered_groups = [group for group in app.registered_groups if group.name == word]
    return get_command(alone if alone.registered_commands or alone.registered_groups else app)


INTERRUPTED = 130

#: Set before any library is imported, so that none sends telemetry.
QUIET = {
    "GX_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
}


def main() -> None:
    """Run a command and turn errors into one clear line and an exit code."""
    os.environ.update(QUIET)
    # What a command writes is its user's alone, and what the programs write that it starts.
    umask = os.umask(UMASK)
    # Threads that wait for work sleep instead of spinning: beside another program on the same cores,
    # spinning makes both many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from curation.errors import ConfigError, CurateError, SchemeError, UsageError

    signals: list[int] = []
    try:
        with ended_like_interrupts() as signals, _interrupted_first():
            command_for(next(iter(sys.argv[1:]), None))()
    except UsageError as error:
        _stop(f"error: {error}", 2)
    except (ConfigError, SchemeError) as error:
        # One line for each fault.
        *others, last = f"error: {error}".split("\n")
        for line in others:
            say(line)
        _stop(last, 1)
    except CurateError as error:
        _stop(f"error: {error}", 1)
    except (KeyboardInterrupt, SystemExit) as end:
        # Typer turns Ctrl-C into this exit code without a word.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        code = INTERRUPTED if not signals else 128 + signals[0]
        _stop("interrupted; what was finished is kept, the same command goes on from there", code)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        from curation.outside_errors import line_of

        if (found := line_of(error)) is None:
            raise
        _stop(f"error: {found}", 1)
    finally:
        os.umask(umask)


@contextmanager
def _interrupted_first() -> Iterator[None]:
    """What fails while an interrupt is put in order, such as a last look into a database that is gone, is none but that
    interrupt."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise cause from None
            cause = cause.__cause__ or cause.__context__
        raise


def _stop(line: str, code: int) -> None:
    say(line)
    raise SystemExit(code)
