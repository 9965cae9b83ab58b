"""The page of a training: one file that loads nothing, with its curve, its scores, its worst records, its manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.atomic_file import refilled
from curation.html_templates import templates
from curation.scheme import Scheme
from curation.tagging.folder import AdapterManifest
from training.card import how_tuned, write_card
from training.course_figures import CourseFigures
from training.evaluate import EvaluationReport
from training.plot import course_plot, f1_plot
from training.record_errors import RecordErrors

TEMPLATE = "training.html.jinja"
PAGE, FIGURES = "report.html", "report.json"


@dataclass(frozen=True, slots=True)
class ToldTraining:
    """What the page of a training tells: the adapter, the sets by name with their digests, how good it is on the
    validation records and where it is wrong, or why that was not measured.
    """

    manifest: AdapterManifest
    sets: Mapping[str, str]
    report: EvaluationReport | None = None
    worst: tuple[RecordErrors, ...] = ()
    not_measured: str = ""
    excerpts: int = 0


def write_training(told: ToldTraining, scheme: Scheme, *, to: Path, adapter: Path) -> Path:
    """The page and its figures in a folder, and the card in the adapter's; words of records are on the page alone."""
    write_card(told.manifest, adapter, report=told.report, sets=told.sets)
    with refilled(to) as inside:
        (inside / PAGE).write_text(page(told, scheme), encoding="utf-8")
        written = json.dumps(figures(told), indent=2, ensure_ascii=False) + "\n"
        (inside / FIGURES).write_text(written, encoding="utf-8")
    return to / PAGE


def is_told(to: Path, manifest: AdapterManifest, excerpts: int) -> bool:
    """Whether the page of this adapter is there, with so many excerpts."""
    try:
        found = json.loads((to / FIGURES).read_text(encoding="utf-8"))
        same = (found["adapter"], found["excerpts"]) == (manifest.author, excerpts)
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return same and (to / PAGE).is_file()


def figures(told: ToldTraining) -> dict[str, Any]:
    """All that the page shows but the words of records."""
    course = CourseFigures.in_manifest(told.manifest)
    return {
        "adapter": told.manifest.author,
        "sets": dict(told.sets),
        "excerpts": told.excerpts,
        "course": course.as_json() if course else None,
        "scores": told.report.to_json() if told.report else None,
        "not_measured": told.not_measured,
        "worst": [errors.as_json() for errors in told.worst],
    }


def page(told: ToldTraining, scheme: Scheme) -> str:
    """The page as HTML."""
    environment = templates(Path(__file__).parent, extra="train")
    environment.filters["figure"] = _figure
    environment.filters["interval"] = _interval
    labels = {category.name: category.label.get("en", category.name) for category in scheme.categories}
    course, report = CourseFigures.in_manifest(told.manifest), told.report
    has_entities = report is not None and told.manifest.task == "entities"
    return environment.get_template(TEMPLATE).render(
        told=told,
        manifest=told.manifest,
        kind=how_tuned(told.manifest),
        course=course,
        report=report,
        labels=labels,
        curve=_inline(course_plot(course)) if course and course.losses else "",
        bars=_inline(f1_plot(report.entities, labels)) if has_entities and report else "",
        by_language={"all languages": report, **(report.languages if len(report.languages) > 1 else {})}
        if report
        else {},
        rows={**told.manifest.model_dump(exclude={"metrics", "created"}), "created": str(told.manifest.created)},
    )


def _inline(plot: bytes) -> str:
    drawn = plot.decode("utf-8")
    return drawn[drawn.index("<svg") :]


def _figure(value: Any) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _interval(value: Any) -> str:
    return "" if value is None else f"{value[0]:.2f}\u2013{value[1]:.2f}"
