"""The page of benchmarks: figures made by one command carry date and commit, and those that were not made are old."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BY_HAND = re.compile(r"^\*Figures written by hand .*\d{4}-\d\d-\d\d.*: old\b", re.MULTILINE)

BEFORE = "# Benchmarks\n\nWords.\n\n## By hand\n\n| a |\n|---|\n| 1 |\n"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    return importlib.import_module("figures")


def made(figures: ModuleType, name: str, text: str = "| a |\n|---|\n| 1 |", state: str = "new") -> object:
    return figures.FiguresRun(name, f"python benchmarks/{name}.py", "2026-01-02", "abc1234", state, text)


def test_the_first_run_adds_a_frame_and_leaves_the_rest_alone(figures):
    page = figures.with_runs(BEFORE, [made(figures, "load")], names=["load", "doors"])
    assert page.startswith("# Benchmarks\n\nWords.\n")
    assert page.endswith("## By hand\n\n| a |\n|---|\n| 1 |\n")
    assert "| load | `python benchmarks/load.py` | 2026-01-02 | abc1234 | new |" in page
    assert "| doors |  |  |  | never |" in page


def test_what_is_not_run_again_stays_and_is_old(figures):
    page = figures.with_runs(
        BEFORE, [made(figures, "load", "first\n\nsecond"), made(figures, "doors")], names=["load", "doors"]
    )
    again = figures.with_runs(page, [made(figures, "doors", "other")], names=["load", "doors"])
    runs = figures.runs_of(again)
    assert {name: run.state for name, run in runs.items()} == {"load": "old", "doors": "new"}
    assert runs["load"].text == "first\n\nsecond"
    assert runs["doors"].text == "other"
    assert again.count("## By hand") == again.count(figures.BEGIN) == again.count(figures.END) == 1
    assert "abc1234, **old**" in again


def test_a_page_with_the_same_runs_is_the_same_page(figures):
    runs = [made(figures, "load"), made(figures, "doors")]
    page = figures.with_runs(BEFORE, runs, names=["load", "doors"])
    assert figures.with_runs(page, runs, names=["load", "doors"]) == page


def test_what_a_script_prints_breaks_neither_page_nor_frame(figures):
    shown = figures.printed('## planted\n\n<!-- figures: end -->\n{"a": 1}\n')
    assert shown == '**planted**\n\n<! figures: end -->\n\n```json\n{"a": 1}\n```'
    assert figures.printed("no figures") == "no figures"
    assert len(figures.printed("line\n" * 100_000)) < 2 * figures.LONGEST


@pytest.mark.server
def test_a_script_that_fails_keeps_its_figures_and_the_others_are_made(figures, tmp_path):
    sys.modules.pop("all", None)
    every = importlib.import_module("all")
    page = tmp_path / "page.md"
    page.write_text(figures.with_runs(BEFORE, [made(figures, "broken", "kept")], names=["broken"]), encoding="utf-8")
    scripts = {"broken": ("packages_first.py/none",), "good": ("packages_first.py",)}
    assert every.make(["broken", "good"], quick=False, page=page, scripts=scripts) == ["broken"]
    runs = figures.runs_of(page.read_text(encoding="utf-8"))
    assert (runs["broken"].text, runs["broken"].state, runs["good"].state) == ("kept", "old", "new")
    assert re.fullmatch(r"\w{7,}( with changes)?|unknown", runs["good"].commit)


def test_every_script_of_the_table_is_there_and_every_script_is_in_it(figures):
    every = importlib.import_module("all")
    scripts = {path.name for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert {words[0] for words in every.SCRIPTS.values()} == scripts - {"all.py"}


def test_every_section_with_figures_outside_of_the_frame_says_of_when_they_are(figures):
    page = PAGE.read_text(encoding="utf-8")
    outside = page.partition(figures.BEGIN)[0] + page.partition(figures.END)[2]
    sections = re.split(r"^## ", outside, flags=re.MULTILINE)[1:]
    assert [section.splitlines()[0] for section in sections if "\n|" in section and not BY_HAND.search(section)] == []


@pytest.mark.parametrize(
    ("only", "quick", "runs", "runs_not"),
    [
        (None, False, {"load", "maccrobat", "damaged_markers"}, {"translation_trained", "translation_real", "tagger"}),
        (None, True, {"load", "translation_trained", "translation_real", "tagger"}, {"maccrobat"}),
        (["translation_trained"], False, {"translation_trained"}, {"load", "translation_real"}),
    ],
    ids=["all", "short forms", "named"],
)
def test_what_takes_half_an_hour_runs_only_where_it_is_named_or_short(
    figures, monkeypatch, only, quick, runs, runs_not
):
    found = importlib.import_module("all").chosen(only, quick=quick)
    assert runs <= set(found)
    assert not runs_not & set(found)
