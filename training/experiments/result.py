"""What comes out of an experiment, as files: Markdown, CSV, JSON, plots, and one page that loads nothing.

Only the page may hold clinical text, and only where it was asked for.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.html_templates import templates
from curation.markdown import plain
from curation.printable import printable

TEMPLATE = "experiment.html.jinja"
PAGE, MARKDOWN, FIGURES = "page.html", "result.md", "result.json"
#: What a spreadsheet takes for a formula.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")

#: What we write ourselves: a dash, and two ends of an interval.
NUMBERS = re.compile(r"-|[+-]?[\d.]+ to [+-]?[\d.]+")

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table by the name of its file, with a title and a line below it."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ResultPlot:
    """A plot by the name of its file, as SVG and as PNG."""

    name: str
    title: str
    svg: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class MarkedExcerpt:
    """An example for the page: what it is, the words around, what is marked in them, and where it is reviewed."""

    title: str
    parts: Sequence[tuple[str, str]]  # each with the class of its mark, or none
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """An experiment's answers, tables and plots; content: the same for scripts."""

    kind: str
    name: str
    about: Sequence[str]
    answers: Sequence[str]
    tables: Sequence[ResultTable]
    plots: Sequence[ResultPlot]
    content: dict[str, JsonValue]
    excerpts: Sequence[MarkedExcerpt] = field(default=())


def write_result(result: ExperimentResult, to: Path) -> Path:
    """The page of a result, now in the folder with its other files; those of an earlier one that are gone, go."""
    with refilled(to, also_goes=lambda names: {entry.name for entry in to.iterdir() if entry.is_file()}) as inside:
        for table in result.tables:
            (inside / f"{table.name}.csv").write_text(_csv(table), encoding="utf-8-sig", newline="")
        for plot in result.plots:
            (inside / f"{plot.name}.svg").write_bytes(plot.svg)
            (inside / f"{plot.name}.png").write_bytes(plot.png)
        (inside / MARKDOWN).write_text(markdown(result), encoding="utf-8")
        written = json.dumps(result.content, indent=2, ensure_ascii=False, allow_nan=False)
        (inside / FIGURES).write_text(written + "\n", encoding="utf-8")
        (inside / PAGE).write_text(page(result), encoding="utf-8")
    return to / PAGE


def markdown(result: ExperimentResult) -> str:
    """The result in Markdown; names of others stand as they are written."""
    lines = [f"# {plain(result.name)}: {result.kind}", "", *(f"- {plain(line)}" for line in result.about), ""]
    lines += [f"**{plain(answer)}**  " for answer in result.answers]
    for table in result.tables:
        lines += ["", f"## {plain(table.title)}", "", _row(table.head), "|" + "---|" * len(table.head)]
        lines += [_row([shown(value) for value in row]) for row in table.rows]
        lines += ["", plain(table.note)] if table.note else []
    lines += [part for plot in result.plots for part in ("", f"![{plain(plot.title)}]({plot.name}.svg)")]
    return "\n".join(lines) + "\n"


def page(result: ExperimentResult) -> str:
    """The result as one HTML page."""
    environment = templates(Path(__file__).parent, extra="train")
    environment.filters["shown"] = shown
    drawn = [(plot.title, _inside(plot.svg)) for plot in result.plots]
    return environment.get_template(TEMPLATE).render(result=result, drawn=drawn)


def shown(value: Value) -> str:
    """A value for people."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else printable(value)


def interval_words(interval: Iterable[float] | None) -> str:
    """An interval for people."""
    return "-" if interval is None else " to ".join(f"{end:.3f}" for end in interval)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(plain(cell) for cell in cells) + " |"


def _inside(svg: bytes) -> str:
    text = svg.decode("utf-8")
    return text[text.index("<svg") :]


def _csv(table: ResultTable) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(table.head)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return written.getvalue()


def _cell(value: Value) -> object:
    """A name on one line, as text also where it begins like a formula; numbers as they are."""
    if not isinstance(value, str):
        return "" if value is None else value
    line = printable(value)
    return f"'{line}" if line.lstrip().startswith(FORMULA) and not NUMBERS.fullmatch(line) else line
