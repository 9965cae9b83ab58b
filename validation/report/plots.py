"""Plots as SVG that stands in the page itself."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from curation.errors import MissingExtraError
from validation.report.embedding_map import EmbeddingMap

BINS = 40
#: Of a category that the scheme does not have.
NEUTRAL = "#888888"
THRESHOLD = "#b3261e"


def histogram(values: Sequence[float], thresholds: Sequence[float] = ()) -> str:
    """The distribution of values; thresholds that lie within it, or near, are dashed lines."""
    low, high = min(values), max(values)
    margin = (high - low) / 4 or 0.5
    figure = _figure(4.2, 2.1)
    # Every histogram has the same margins: finding them for each would take as long as drawing it.
    axes = figure.add_axes((0.17, 0.14, 0.81, 0.82))
    axes.hist(values, bins=BINS, range=(low, high) if high > low else (low - 0.5, low + 0.5), color="#4c78a8")
    for threshold in thresholds:
        if low - margin <= threshold <= high + margin:
            axes.axvline(threshold, color=THRESHOLD, linestyle="--", linewidth=1)
    axes.set_ylabel("records", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def scatter(drawn: EmbeddingMap, colours: Mapping[str, str]) -> str:
    """The map, a colour for each category, outliers ringed."""
    figure = _figure(9.5, 5.2, layout="constrained")
    axes = figure.subplots()
    for category in dict.fromkeys(sorted(point.category for point in drawn.points)):
        points = [point for point in drawn.points if point.category == category]
        axes.scatter(
            [point.x for point in points],
            [point.y for point in points],
            s=9,
            color=colours.get(category, NEUTRAL),
            label=f"{category} ({len(points)})",
            # Thousands of points as one picture, or the page is as large as a book.
            rasterized=True,
        )
    outliers = drawn.outliers
    axes.scatter(
        [point.x for point in outliers],
        [point.y for point in outliers],
        s=60,
        facecolors="none",
        edgecolors=THRESHOLD,
        linewidths=1,
        label=f"far from its category ({len(outliers)})",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _figure(width: float, height: float, *, layout: Literal["constrained"] | None = None) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "validate") from error
    return Figure(figsize=(width, height), layout=layout)


def _svg(figure: Any) -> str:
    import matplotlib

    drawn = io.StringIO()
    # A page of the same data is the same page: no date, no random ids.
    with matplotlib.rc_context({"svg.hashsalt": "validation", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    return svg[svg.index("<svg") :]
