"""The steward's page: counts, failures, reasons and distributions, in one HTML file and as JSON.

Record ids, offsets and numbers only; no word of a text.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.decision import Decision, Verdict
from curation.errors import MissingExtraError
from validation.frame import Measured
from validation.gx import Outcome
from validation.measures import COLUMNS
from validation.settings import ValidationSettings

TEMPLATE = Path(__file__).with_name("report.html.jinja")
#: Rows of a table of records on the page; all of them are in the JSON.
MOST_ROWS = 500
BINS = 40
#: What is shown as a histogram.
SHOWN = ("words", "language_confidence", "entities", "grounding_ratio", "similarity_mean", "similarity_least")
#: Numbers of this release of the page's JSON form.
FORM = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """All that the report tells."""

    scheme: str
    settings: ValidationSettings
    counts: Mapping[str, int]
    decided_by_others: Mapping[str, int]
    failing_anew: Mapping[str, Sequence[str]]
    unmeasured: int
    failed: Sequence[Decision]  # ours, on the records that failed something
    measured: Measured
    outcome: Outcome


def write_report(judged: Judged, folder: Path) -> Path:
    """`index.html` in the folder, which needs no other file, and `validation.json` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    content = as_json(judged, folder)
    (folder / "validation.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8"
    )
    page = folder / "index.html"
    page.write_text(_page(judged, content, folder), encoding="utf-8")
    return page


def as_json(judged: Judged, folder: Path) -> dict[str, JsonValue]:
    """The report's content; paths are relative to its folder."""
    return {
        "form": FORM,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "scheme": judged.scheme,
        "settings": judged.settings.model_dump(mode="json"),
        "versions": _versions(),
        "layers": dict(sorted(judged.measured.counts("layer").items())),
        "records": len(judged.measured),
        "counts": dict(judged.counts),
        "decided_by_others": dict(judged.decided_by_others),
        "failing_anew": {record_id: list(names) for record_id, names in judged.failing_anew.items()},
        "unmeasured": judged.unmeasured,
        "expectations": [finding.as_json() for finding in judged.outcome.findings],
        "by_hand": list(judged.outcome.by_hand),
        "deleted": list(judged.outcome.deleted),
        "data_docs": os.path.relpath(judged.outcome.data_docs, folder),
        "failed": [
            {
                "record_id": decision.record_id,
                "verdict": decision.verdict.value,
                "reason": decision.reason,
                **decision.details,
            }
            for decision in judged.failed
        ],
    }


def _versions() -> dict[str, JsonValue]:
    return {name: _version(name) for name in ("clincurate", "great-expectations", "lingua-language-detector")}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _page(judged: Judged, content: Mapping[str, Any], folder: Path) -> str:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("jinja2", "validate") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tables = {
        verdict: [row for row in content["failed"] if row["verdict"] == verdict]
        for verdict in (Verdict.QUARANTINED.value, Verdict.NEEDS_REVIEW.value)
    }
    return str(
        template.render(
            report=content,
            tables=tables,
            most=MOST_ROWS,
            histograms=_histograms(judged),
            suite=os.path.relpath(judged.outcome.suite, folder),
        )
    )


def _histograms(judged: Judged) -> list[dict[str, str]]:
    """An inline SVG for each shown column that has values, with the thresholds as lines."""
    thresholds: dict[str, list[float]] = {}
    for finding in judged.outcome.findings:
        numbers = (finding.threshold.get(name) for name in ("min_value", "max_value"))
        thresholds.setdefault(finding.column, []).extend(
            float(number) for number in numbers if isinstance(number, int | float)
        )
    return [
        {"title": COLUMNS[name], "svg": histogram(values, thresholds.get(name, []))}
        for name in SHOWN
        if (values := judged.measured.column(name))
    ]


def histogram(values: Sequence[float], thresholds: Sequence[float] = ()) -> str:
    """The distribution of values as SVG; thresholds that lie within it, or near, are dashed lines."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "validate") from error
    low, high = min(values), max(values)
    margin = (high - low) / 4 or 0.5
    figure = Figure(figsize=(4.2, 2.1), layout="constrained")
    axes = figure.subplots()
    axes.hist(values, bins=BINS, range=(low, high) if high > low else (low - 0.5, low + 0.5), color="#4c78a8")
    for threshold in thresholds:
        if low - margin <= threshold <= high + margin:
            axes.axvline(threshold, color="#b3261e", linestyle="--", linewidth=1)
    axes.set_ylabel("records", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "validation", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    return svg[svg.index("<svg") :]
