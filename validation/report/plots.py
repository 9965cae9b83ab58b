"""Plots as SVG that stands in the page itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any, Literal

from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name
from validation.report.embedding_map import EmbeddingMap

BINS = 40
#: Of a category that the scheme does not have.
NEUTRAL = "#888888"
THRESHOLD = "#b3261e"
BARS = "#4c78a8"


def histogram(values: Sequence[float], thresholds: Sequence[float] = (), *, counts: str = "records") -> str:
    """The distribution of values; each threshold is a dashed line with its value, or an arrow at the edge beyond.

    counts: what is counted, beside the axis.
    """
    low, high = min(values), max(values)
    margin = (high - low) / 4 or 0.5
    whole = high - low >= 1 and all(float(value).is_integer() for value in values)
    near = [threshold for threshold in thresholds if low - margin <= threshold <= high + margin]
    figure = _figure(4.2, 2.1)
    # Every histogram has the same margins: finding them for each would take as long as drawing it.
    axes = figure.add_axes((0.17, 0.14, 0.81, 0.76))
    left, right = min((low, *near)), max((high, *near))
    axes.hist(values, bins=_bins(low, high, (right - left) / BINS or 1.0, whole=whole), color=BARS)
    edge = (right - left) * 0.05 or 0.5
    axes.set_xlim(left - edge, right + edge)
    for threshold in dict.fromkeys(thresholds):
        _draw_threshold(axes, threshold, left - edge, right + edge)
    axes.set_ylabel(counts, fontsize=8)
    axes.yaxis.get_major_locator().set_params(integer=True)
    if whole:
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _bins(low: float, high: float, single: float, *, whole: bool) -> list[float]:
    """The borders of the bars: whole numbers stand in the middle of theirs; a single value has a bar of that width."""
    if high == low:
        return [low - single / 2, low + single / 2]
    if not whole:
        return [low + (high - low) * number / BINS for number in range(BINS + 1)]
    width = max(1.0, ceil((high - low + 1) / BINS))
    return [low - 0.5 + width * number for number in range(ceil((high - low + 1) / width) + 1)]


def _draw_threshold(axes: Any, threshold: float, left: float, right: float) -> None:
    beyond = {"left": "\u2190 ", "right": ""} if threshold < left else {"left": "", "right": " \u2192"}
    inside = left <= threshold <= right
    where = min(max(threshold, left), right)
    label = f"{threshold:g}" if inside else f"{beyond['left']}{threshold:g}{beyond['right']}"
    if inside:
        axes.axvline(threshold, color=THRESHOLD, linestyle="--", linewidth=1)
    side = "center" if inside else "left" if threshold < left else "right"
    top = axes.get_xaxis_transform()
    axes.text(where, 1.02, label, transform=top, color=THRESHOLD, fontsize=7, ha=side, va="bottom")


@plain_names()
def scatter(drawn: EmbeddingMap, colours: Mapping[str, str], *, label: Callable[[str], str], far: str) -> str:
    """The map, a colour for each category, outliers ringed.

    label: what a category is called; far: what the rings are called.
    """
    figure = _figure(9.5, 5.2, layout="constrained")
    axes = figure.subplots()
    for category in dict.fromkeys(sorted(point.category for point in drawn.points)):
        points = [point for point in drawn.points if point.category == category]
        axes.scatter(
            [point.x for point in points],
            [point.y for point in points],
            s=9,
            color=colours.get(category, NEUTRAL),
            label=f"{plot_name(label(category))} ({len(points)})",
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
        label=f"{plot_name(far)} ({len(outliers)})",
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
