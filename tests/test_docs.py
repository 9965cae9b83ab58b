"""The docs say what the code does: every command, setting, dependency, table entry and link."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.reference import pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_pages_are_up_to_date(name):
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run: python -m pipeline.reference docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_dependency_has_its_reason():
    table = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = {re.match(r"[\w-]+", wanted)[0] for wants in lists for wanted in wants} - {PROJECT["name"]}
    assert {name for name in names if f"`{name}`" not in table} == set()


def test_the_readme_names_commands_that_exist():
    from typer.main import get_command

    from pipeline.command import app

    known = get_command(app).commands
    spoken = re.findall(r"^curate ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(spoken) > 8
    assert set(spoken) <= set(known)


@pytest.mark.parametrize(
    ("page", "module", "table"),
    [
        ("formats.md", "curation.sources.formats", "FORMATS"),
        ("trainers.md", "annotation.annotators", "ANNOTATORS"),
        ("trainers.md", "exports.formats", "FORMATS"),
        ("rules.md", "validation.measures", "MEASURES"),
        ("stewards.md", "annotation.queue.signals", "SIGNALS"),
    ],
)
def test_every_table_entry_is_documented(page, module, table):
    from importlib import import_module

    text = (DOCS / page).read_text(encoding="utf-8")
    entries = getattr(import_module(module), table)
    names = [entry if isinstance(entry, str) else entry.name for entry in entries]
    assert {name for name in names if f"`{name}`" not in text} == set()
