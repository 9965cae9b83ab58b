"""The reference pages of the docs, made from the code: `python -m pipeline.reference docs`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from curation.scheme import load_scheme
from pipeline.command import app
from pipeline.config import Config, settings_rows
from pipeline.config_examples import EXAMPLE_MODELS
from pipeline.prompt_page import prompt_page
from pipeline.toml_text import toml_value
from validation.findings import in_words
from validation.measures.measure import Level, MeasureSpec
from validation.measures.rule import Rule
from validation.measures.table import MEASURES
from validation.settings import ValidationSettings

MADE = "<!-- Made by `python -m pipeline.reference docs`; do not edit. -->"


def made_page(name: str) -> str:
    """The text of a reference page, by its file name."""
    return "\n".join(MADE_PAGES[name]()) + "\n"


def _prompts() -> Iterator[str]:
    yield from ("# Prompts", "", MADE, "")
    yield from prompt_page()


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", MADE, "")
    yield from (
        "Exit codes: 0 done, 1 the job failed or some input was refused, 2 wrong usage, 130 interrupted, "
        "143 ended by SIGTERM (129 by SIGHUP). "
        "With `--json` a command prints one JSON object on standard output; words for people go to standard error, and "
        "with them, where it helps, the next step.",
    )
    yield from (
        "",
        "`curate --version` shows the version. `curate --install-completion` lets the shell (bash, zsh, fish, "
        "PowerShell) complete commands and options with the tab key; `curate --show-completion` prints what it would "
        "install.",
    )
    yield from _command("curate", get_command(app))


def _command(name: str, command: Any) -> Iterator[str]:
    for child, subcommand in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {child}", subcommand)
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
    default = getattr(parameter, "show_default", None)
    if isinstance(default, str):
        return default
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
    if section.startswith("models."):
        if (name := section.removeprefix("models.")) not in EXAMPLE_MODELS:  # a section within that of a model
            example, _, within = name.rpartition(".")
            return type(EXAMPLE_MODELS[example]).model_fields[within].description or ""
        return f"{Config.model_fields['models'].description} One of the kind {_kind(section)}:"
    if section.startswith("translators."):
        return f"{Config.model_fields['translators'].description} One:"
    model: Any = Config
    description = ""
    for part in section.split("."):
        field = model.model_fields[part]
        model, description = field.annotation, field.description or ""
    return description


def _kind(section: str) -> str:
    return f'`kind = "{EXAMPLE_MODELS[section.removeprefix("models.")].kind}"`'


def _rules() -> Iterator[str]:
    yield from ("# Measures and rules", "", MADE, "")
    yield (
        "A measure says what is; a rule says what is expected of one of its columns, and what a failure does: hard "
        "quarantines, soft asks for review, off is not checked. `validation.severity` gives a rule another severity. "
        "Measures over the whole set are taken where an expectation of the suite looks at one of their columns, be it "
        "ours or your own. An expectation that looked at no record is not measured, and no success."
    )
    for spec in MEASURES:
        yield from _measure(spec)


def _measure(spec: MeasureSpec) -> Iterator[str]:
    seen = {Level.RECORD: "on each record", Level.SET: "over the whole set"}[spec.level]
    yield from ("", f"## `{spec.name}`", "", f"{spec.says} Measured {seen}; a verdict is of the {spec.of.value}.")
    if spec.settings:
        paths = ", ".join(f"`validation.{path}`" for path in spec.settings)
        yield from ("", f"What is measured depends on {paths}.")
    if spec.rules:
        yield from ("", "| rule | column | says | expected by default | a failure |", "|---|---|---|---|---|")
        yield from (_rule(rule, spec) for rule in spec.rules)
    yield from ("", "| column | holds | says |", "|---|---|---|")
    yield from (f"| `{column}` | {column.holds.value} | {column.says} |" for column in spec.columns)


def _rule(rule: Rule, spec: MeasureSpec) -> str:
    settings = ValidationSettings()
    expected = in_words(rule.expects, rule.parameters(settings, load_scheme()))
    severity = f"{rule.severity_under(settings).value}{', by `validation.privacy.policy`' if rule.by_setting else ''}"
    of = f", of the {rule.of.value}" if rule.of is not spec.of else ""
    return f"| `{rule.name}` | `{rule.column}` | {rule.says} | {expected} | {severity}{of} |"


def main(folder: Path) -> None:
    """Write the pages."""
    for name in MADE_PAGES:
        (folder / name).write_text(made_page(name), encoding="utf-8")


MADE_PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "commands.md": _commands,
    "configuration.md": _configuration,
    "rules.md": _rules,
    "prompts.md": _prompts,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
