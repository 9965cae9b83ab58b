"""The reference pages of the docs, made from the code: `python -m pipeline.reference docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from pipeline.command import app
from pipeline.config import Config, settings_rows, toml_value

MADE = "<!-- Made by `python -m pipeline.reference docs`; do not edit. -->"


def pages() -> dict[str, str]:
    """The text of each reference page by its file name."""
    return {"commands.md": "\n".join(_commands()) + "\n", "configuration.md": "\n".join(_configuration()) + "\n"}


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", MADE, "")
    yield from (
        "Exit codes: 0 done, 1 the job failed or some input was refused, 2 wrong usage, 130 interrupted. "
        "With `--json` a command prints one JSON object on standard output; words for people go to standard error.",
    )
    yield from _command("curate", get_command(app))


def _command(name: str, command: Any) -> Iterator[str]:
    for child, below in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {child}", below)
    if getattr(command, "commands", None) is not None:
        return
    yield from ("", f"## `{name}`", "", str(command.help).strip())
    yield from ("", "| option | meaning | default |", "|---|---|---|")
    for parameter in command.params:
        if parameter.name == "help":
            continue
        words = "`, `".join((*parameter.opts, *parameter.secondary_opts))
        is_argument = parameter.param_type_name == "argument"
        shown = parameter.metavar or words if is_argument else words
        yield f"| `{shown}` | {parameter.help or ''} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    told = getattr(parameter, "show_default", None)
    if isinstance(told, str):
        return told
    if parameter.required:
        return "required"
    return "" if parameter.default in (None, False, ()) else f"`{parameter.default}`"


def _configuration() -> Iterator[str]:
    yield from ("# curate.toml", "", MADE, "")
    yield (
        "`curate init` writes this file with every key and its default. A key that is not known is an error that "
        "names the nearest one. Secrets never stand here."
    )
    section = None
    for key, default, description in settings_rows():
        parent, _, name = key.rpartition(".")
        if parent != section:
            section = parent
            yield from ("", f"## `[{parent}]`", "", _about(parent), "", "| key | meaning | default |", "|---|---|---|")
        shown = toml_value(default)
        yield f"| `{name}` | {description} | {f'`{shown}`' if shown is not None else 'unset'} |"


def _about(section: str) -> str:
    model: Any = Config
    description = ""
    for part in section.split("."):
        field = model.model_fields[part]
        model, description = field.annotation, field.description or ""
    return description


def main(folder: Path) -> None:
    """Write the pages."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
