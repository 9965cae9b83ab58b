"""Only the commands print: whatever lies beneath them returns results and tells its caller of its work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("curation", "annotation", "validation", "training", "exports", "pipeline")
#: Programs of their own, whose output is read by whoever starts them.
PROGRAMS = {
    "annotation/label_studio/server/accounts.py",
    "annotation/label_studio/processes.py",
    "curation/generate/preview.py",
    "pipeline/command.py",
}
PRINTING = re.compile(r"\bprint\(|\bsys\.std(?:out|err)\b|pipeline\.commands|from pipeline import .*\bcommands\b")


def beneath_the_commands() -> list[str]:
    paths = [path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in paths if path not in PROGRAMS and not path.startswith("pipeline/commands/"))


def test_nothing_beneath_the_commands_prints_or_knows_them():
    printing = {path: PRINTING.findall((ROOT / path).read_text(encoding="utf-8")) for path in beneath_the_commands()}
    assert {path: found for path, found in printing.items() if found} == {}


@pytest.mark.parametrize("folder", ["", "review", "scheme"])
def test_every_command_has_its_step_under_the_same_name(folder):
    shared = {
        "__init__",
        "decision_output",
        "import_output",
        "next_steps",
        "options",
        "output",
        "printable_errors",
        "progress_bars",
        "translation_output",
        "version",
    }
    commands = {path.stem for path in (ROOT / "pipeline/commands" / folder).glob("*.py")} - shared
    steps = {path.stem for path in (ROOT / "pipeline/steps" / folder).glob("*.py")} - {"__init__"}
    assert commands == steps
