"""The docs say what the code does: every command, setting, dependency, table entry and link."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.reference import MADE_PAGES, made_page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("curation", "annotation", "validation", "training", "exports", "pipeline")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("name", sorted(MADE_PAGES))
def test_the_reference_pages_are_up_to_date(name):
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == made_page(name), "run: python -m pipeline.reference docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            found = page.parent / target if target else page
            assert found.exists(), target
            assert not anchor or anchor in _anchors(found), f"{target}#{anchor}"


def _anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make: lower case, hyphens for blanks, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_architecture_names_every_folder_of_code_and_no_other():
    named = re.findall(r"^\| `([\w/]+)/` \|", (DOCS / "architecture.md").read_text(encoding="utf-8"), flags=re.M)
    there = {str(file.parent.relative_to(ROOT)) for top in PACKAGES for file in (ROOT / top).rglob("*.py")}
    assert len(set(named)) == len(named)
    assert set(named) == there


def test_the_readme_has_a_line_for_each_folder_at_the_top():
    named = re.findall(r"^\| `(\w+)/` \|", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert set(named) == {*PACKAGES, "tests", "benchmarks", "docs"}


def test_the_glossary_has_each_word_once():
    words = re.findall(r"^\| ([a-z][^|]*?) \|", (DOCS / "glossary.md").read_text(encoding="utf-8"), flags=re.M)
    terms = [term for line in words if line != "word" for term in line.split(", ")]
    assert len(terms) > 60
    assert len(set(terms)) == len(terms)


def test_every_dependency_has_its_reason():
    table = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = {re.match(r"[\w.-]+", wanted)[0] for wants in lists for wanted in wants} - {PROJECT["name"]}
    assert {name for name in names if f"`{name}`" not in table} == set()


def test_the_readme_names_commands_that_exist():
    from typer.main import get_command

    from pipeline.command import app

    known = get_command(app).commands
    spoken = re.findall(r"^curate ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(spoken) > 8
    assert set(spoken) <= set(known)


#: Pages about the commands as they are; the changelog names those of its time.
TODAY = [page for page in PAGES if page.name != "CHANGELOG.md"]
#: Words of a line that stand for something that the reader puts there, so that the line is no command as it is.
SPOKEN = re.compile(r"\.\.\.|[\[\]…]")


def _command_lines(page: Path) -> list[str]:
    """The lines of a page's blocks that call `curate`, each command by itself, without what the shell adds."""
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split(" && ")]
    return [line for line in lines if re.match(r"curate [a-z-]", line)]


def _command(line: str) -> tuple[Any, list[str]]:
    """The command, or the group of commands, that a line calls, and the words after it."""
    from typer.main import get_command

    from pipeline.command import app

    command, words = get_command(app), shlex.split(SPOKEN.sub("", line), comments=True)[1:]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        names = words.pop(0).split("|")
        assert set(names) <= set(command.commands), line
        command = command.commands[names[0]]
    return command, words


@pytest.mark.long
@pytest.mark.parametrize("page", TODAY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_of_a_page_is_one_that_the_parser_takes(page):
    for line in _command_lines(page):
        command, words = _command(line)
        assert not hasattr(command, "commands"), line
        # Raises for an option that the command does not have, or an argument or option that it lacks.
        command.make_context("curate", words, resilient_parsing=False)


@pytest.mark.long
@pytest.mark.parametrize("page", TODAY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_in_a_sentence_is_there_with_its_options(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for line in re.findall(r"`(curate [a-z][^`]*)`", text):
        command, words = _command(line)
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line


def test_the_pages_that_people_type_from_have_commands():
    counts = {name: len(_command_lines(DOCS / name)) for name in ("stewards.md", "trainers.md", "walks.md")}
    assert min(counts.values()) > 7, counts
    assert len(_command_lines(ROOT / "README.md")) > 10


@pytest.mark.parametrize(
    ("page", "module", "table"),
    [
        ("formats.md", "curation.sources.formats", "FORMATS"),
        ("trainers.md", "annotation.annotators", "ANNOTATORS"),
        ("exports.md", "exports.formats", "FORMATS"),
        ("rules.md", "validation.measures.table", "MEASURES"),
        ("review-operations.md", "annotation.queue.signals", "SIGNALS"),
    ],
)
def test_every_table_entry_is_documented(page, module, table):
    from importlib import import_module

    text = (DOCS / page).read_text(encoding="utf-8")
    entries = getattr(import_module(module), table)
    names = [entry if isinstance(entry, str) else entry.name for entry in entries]
    assert {name for name in names if f"`{name}`" not in text} == set()
