"""The files of a result: names of others stay names, and the page loads nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from training.experiments.curve_plot import bars_plot, counts_plot
from training.experiments.ledger import MeasuredFigure
from training.experiments.result import ExperimentResult, MarkedExcerpt, ResultTable, write_result

HOSTILE = '=HYPERLINK("x")|<script>'


def result(*, excerpts: tuple[MarkedExcerpt, ...] = ()) -> ExperimentResult:
    table = ResultTable(
        "variants", "Variants", ("name", "strict"), [(HOSTILE, 0.5), ("b", None), ("-0.020 to 0.220", -0.5)], "A note."
    )
    return ExperimentResult("compare", "x", ["about *this*"], ["an answer"], [table], [], {"a": 1}, excerpts)


def test_the_files_say_the_same_and_no_name_becomes_a_mark_or_a_formula(tmp_path: Path) -> None:
    page = write_result(result(), tmp_path / "result")
    folder = page.parent
    assert sorted(path.name for path in folder.iterdir()) == ["page.html", "result.json", "result.md", "variants.csv"]
    rows = list(csv.reader((folder / "variants.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows == [["name", "strict"], [f"'{HOSTILE}", "0.5"], ["b", ""], ["-0.020 to 0.220", "-0.5"]]
    assert json.loads((folder / "result.json").read_text()) == {"a": 1}
    text = (folder / "result.md").read_text()
    assert "about \\*this\\*" in text
    assert "\\|\\<script\\>" in text
    html = page.read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "0.500" in html


def test_an_excerpt_is_on_the_page_alone(tmp_path: Path) -> None:
    excerpt = MarkedExcerpt("r1", [("had ", ""), ("a <b> fever", "trusted")], link="http://127.0.0.1:8080/x")
    page = write_result(result(excerpts=(excerpt,)), tmp_path / "result")
    assert '<mark class="trusted">a &lt;b&gt; fever</mark>' in page.read_text()
    for path in page.parent.iterdir():
        assert path == page or "fever" not in path.read_text()


def test_a_later_result_takes_the_place_of_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    write_result(result(), tmp_path / "result")
    other = ExperimentResult("compare", "x", [], [], [], [], {})
    write_result(other, tmp_path / "result")
    assert not (tmp_path / "result" / "variants.csv").exists()


def test_plots_draw_any_name_and_what_was_not_measured() -> None:
    bars = bars_plot({HOSTILE: MeasuredFigure(value=0.5, interval=(0.4, 0.6)), "$x$": MeasuredFigure(value=None)}, "f")
    assert bars.svg.startswith(b"<?xml")
    assert bars.png.startswith(b"\x89PNG")
    assert b"missed" in counts_plot({"age": {"missed": 2}, "_x": {"invented": 1}}, "Errors", "e").svg
