"""A new scheme file, with comments that say what else can stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from curation.errors import SchemeError, UsageError
from curation.scheme import SchemeFile, read_scheme

HEAD = """\
# What is marked in the texts, and which labels a whole text gets. `curate scheme check` shows what comes of it.
name: {name}
version: 1
languages: [{languages}]
"""
CATEGORIES = """
# Each category with its definition: what counts, in one or two sentences that annotators and models can follow.
# More may stand under a category, as in
#   drug:
#     definition: a substance that was given, with its dose
#     boundary: the dose belongs to it, the reason for it does not
#     examples: [aspirin 100 mg daily]
#     counter_examples: [allergy to aspirin]
#     keeps: [present, possible, historical]   # assertions with which it counts as information
#     label: Drug                              # its name for people
#     colour: "#1f77b4"
#     hotkey: "1"
# A definition in several languages: {{en: a substance that was given, de: ein gegebenes Mittel}}
categories:
"""
LABELS = """
# Labels of a whole text, each with its values: exactly one is chosen for each text.
labels:
"""


def new_scheme(
    to: Path,
    *,
    name: str,
    categories: Sequence[str],
    labels: Sequence[str],
    languages: Sequence[str] = ("en",),
) -> SchemeFile:
    """The scheme of a new file; categories as NAME or NAME=DEFINITION, labels as NAME=VALUE,VALUE.

    Raises UsageError where the file is there already, and SchemeError for what is no scheme; then nothing is written.
    """
    if to.exists():
        raise UsageError(f"expected a file that is not there yet, {to} is; name another with --to")
    if not categories and not labels:
        raise UsageError("expected categories, or labels with --label NAME=VALUE,VALUE")
    text = HEAD.format(name=_scalar(name), languages=", ".join(map(_scalar, languages)))
    if categories:
        text += CATEGORIES.format() + "".join(map(_category, categories))
    if labels:
        text += LABELS + "".join(map(_label, labels))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")
    try:
        return read_scheme(to)
    except SchemeError:
        to.unlink()
        raise


def _category(said: str) -> str:
    name, _, definition = (part.strip() for part in said.partition("="))
    return f"  {_scalar(name)}:{f' {_scalar(definition)}' if definition else '  # a definition'}\n"


def _label(said: str) -> str:
    name, equals, values = (part.strip() for part in said.partition("="))
    if not equals:
        raise UsageError(f"expected --label NAME=VALUE,VALUE, got {said!r}")
    listed = ", ".join(_scalar(value.strip()) for value in values.split(",") if value.strip())
    return f"  {_scalar(name)}: [{listed}]\n"


def _scalar(words: str) -> str:
    """Words as YAML writes them, in quotes where it needs them."""
    written: str = yaml.safe_dump([words], allow_unicode=True, default_flow_style=True, width=10_000)
    return written.strip().removeprefix("[").removesuffix("]")
