"""The evaluation report as files: one self-contained page, its figures as JSON, and the plot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.atomic_file import refilled
from curation.html_templates import templates
from curation.scheme import Scheme
from training.evaluate import EvaluationReport
from training.plot import f1_plot

TEMPLATE = "report.html.jinja"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The paths of a report's files."""

    page: Path
    figures: Path
    plot: Path


def write_report(report: EvaluationReport, to: Path, *, scheme: Scheme | None = None) -> ReportFiles:
    """The report's files in a folder: report.html, report.json and f1.png.

    With the scheme the categories have their names for people. The page loads nothing from
    elsewhere and holds no clinical text.
    """
    labels = (
        {category.name: category.label.get("en", category.name) for category in scheme.categories} if scheme else {}
    )
    files = ReportFiles(to / "report.html", to / "report.json", to / "f1.png")
    title = ", ".join(report.predicted)
    with refilled(to) as inside:
        (inside / files.plot.name).write_bytes(f1_plot(report.entities, labels, form="png", title=title))
        (inside / files.figures.name).write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
        (inside / files.page.name).write_text(page(report, labels), encoding="utf-8")
    return files


def page(report: EvaluationReport, labels: dict[str, str]) -> str:
    """The report as one HTML page."""
    environment = templates(Path(__file__).parent, extra="train")
    environment.filters["figure"] = _figure
    environment.filters["interval"] = _interval
    plot = f1_plot(report.entities, labels).decode("utf-8")
    return environment.get_template(TEMPLATE).render(report=report, labels=labels, plot=plot[plot.index("<svg") :])


def _figure(value: Any) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _interval(value: Any) -> str:
    return "" if value is None else f"{value[0]:.2f}\u2013{value[1]:.2f}"
