"""Plots of agreement as SVG for a page: figures with their intervals, tables of counts, figures over time.

The only module of agreement that imports matplotlib. Names are drawn as they are: no sign in them is a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotation.agreement.estimate import Figure
from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name

#: Colours that colour-blind people can tell apart too (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
MARKERS = ("o", "s", "D", "^", "v", "P")
QUIET = "#667"

#: By series, then by row: a figure, or None where there is none.
Series = Mapping[str, Sequence[Figure | None]]


@plain_names()
def forest(rows: Sequence[str], series: Series, *, reference: Mapping[str, float | None] | None = None) -> str:
    """Each row's figures as points with their intervals, a row below the other, first row on top.

    ``reference`` gives a dashed line for a series, such as its value over all rows.
    """
    low = _lowest(figure for figures in series.values() for figure in figures)
    size = (7.4, 0.75 + 0.16 * len(rows) * (len(series) + 1))
    canvas, axes = _canvas(size)
    step = 0.8 / max(1, len(series))
    for number, (name, figures) in enumerate(series.items()):
        shift = (number - (len(series) - 1) / 2) * step
        _points(axes, [row + shift for row in range(len(rows))], figures, number, name)
        line = (reference or {}).get(name)
        if line is not None:
            axes.axvline(line, color=COLOURS[number], linestyle=(0, (4, 3)), linewidth=0.8, alpha=0.7, zorder=1)
    for row in range(1, len(rows)):
        axes.axhline(row - 0.5, color="#eceff2", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rows)), labels=[plot_name(name) for name in rows], fontsize=9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(low, 1.02)
    axes.grid(axis="x", color="#dfe3e8", linewidth=0.6)
    _tidy(axes)
    if len(series) > 1:
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series), frameon=False, fontsize=8.5, borderaxespad=0.2
        )
    return _svg(canvas)


@plain_names()
def matrix(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]], *, counts: bool
) -> str:
    """A table of shaded cells with their values; cells without one are empty."""
    import numpy as np

    size = (1.9 + 0.42 * len(columns), 1.5 + 0.3 * len(rows))
    canvas, axes = _canvas(size)
    table = np.array([[np.nan if value is None else float(value) for value in row] for row in values])
    shade = np.sqrt(table) if counts else table
    top = float(np.nanmax(shade)) if np.isfinite(shade).any() else 1.0
    low = 0.0 if counts else min(0.0, float(np.nanmin(shade)) if np.isfinite(shade).any() else 0.0)
    top = (top or 1.0) if counts else 1.0
    edges = (np.arange(table.shape[1] + 1) - 0.5, np.arange(table.shape[0] + 1) - 0.5)
    axes.pcolormesh(*edges, shade, cmap="Blues", vmin=low, vmax=top * 1.15, edgecolors="white", linewidth=1.5)
    axes.set_ylim(edges[1][-1], edges[1][0])
    for i, j in zip(*np.nonzero(np.isfinite(table)), strict=True):
        dark = shade[i, j] > low + 0.62 * (top - low)
        word = f"{table[i, j]:.0f}" if counts else f"{table[i, j]:.2f}"
        axes.text(j, i, word, ha="center", va="center", fontsize=8, color="white" if dark else "#222")
    axes.set_xticks(
        range(len(columns)), labels=[plot_name(name) for name in columns], fontsize=8.5, rotation=40, ha="right"
    )
    axes.set_yticks(range(len(rows)), labels=[plot_name(name) for name in rows], fontsize=8.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return _svg(canvas)


@plain_names()
def courses(
    weeks: Sequence[str], panels: Mapping[str, Mapping[str, Sequence[Figure | None]]], *, columns: int = 2
) -> str:
    """A small panel for each name: its figures week by week, with their intervals, all on the same scale."""
    rows = -(-len(panels) // columns)
    canvas, grid = _canvas((7.4, 0.5 + 1.75 * rows), rows=rows, columns=min(columns, len(panels)))
    flat = [grid] if len(panels) == 1 else list(grid.flat)
    low = _lowest(figure for series in panels.values() for figures in series.values() for figure in figures)
    shown = list(range(0, len(weeks), max(1, -(-len(weeks) // 8))))
    for axes, (name, series) in zip(flat, panels.items(), strict=False):
        for number, (what, figures) in enumerate(series.items()):
            _course(axes, figures, number, what)
        axes.set_title(plot_name(name), fontsize=9, loc="left")
        axes.set_ylim(low, 1.03)
        axes.set_xlim(-0.5, len(weeks) - 0.5)
        axes.set_xticks(shown, labels=[weeks[position].split("-")[-1] for position in shown], fontsize=8)
        axes.grid(axis="y", color="#dfe3e8", linewidth=0.6)
        _tidy(axes)
    for axes in flat[len(panels) :]:
        axes.set_visible(False)
    handles, labels = flat[0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False, fontsize=8.5)
    return _svg(canvas)


@plain_names()
def bars(counts: Mapping[str, int]) -> str:
    """A bar for each count, one below the other."""
    canvas, axes = _canvas((5.2, 0.35 + 0.26 * len(counts)))
    names, numbers = list(counts), list(counts.values())
    axes.barh(range(len(names)), numbers, color=COLOURS[0], height=0.62)
    total = sum(numbers) or 1
    for position, number in enumerate(numbers):
        axes.text(number, position, f" {number:,} ({number / total:.0%})", va="center", fontsize=8.5, color="#222")
    axes.set_yticks(range(len(names)), labels=[plot_name(name) for name in names], fontsize=9)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlim(0, max(numbers, default=1) * 1.25)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return _svg(canvas)


def _points(axes: Any, rows: Sequence[float], figures: Sequence[Figure | None], number: int, name: str) -> None:
    given = [
        (row, figure)
        for row, figure in zip(rows, figures, strict=True)
        if figure is not None and figure.value is not None
    ]
    for row, figure in given:
        if figure.interval is not None:
            axes.plot(figure.interval, [row, row], color=COLOURS[number], linewidth=1.4, solid_capstyle="round")
    axes.plot(
        [figure.value for _, figure in given],
        [row for row, _ in given],
        MARKERS[number],
        color=COLOURS[number],
        markersize=4.5,
        label=plot_name(name),
    )


def _course(axes: Any, figures: Sequence[Figure | None], number: int, name: str) -> None:
    positions = [position for position, figure in enumerate(figures) if figure is not None and figure.value is not None]
    values = [figure.value for figure in figures if figure is not None and figure.value is not None]
    ends = [
        figure.interval or (figure.value, figure.value)
        for figure in figures
        if figure is not None and figure.value is not None
    ]
    axes.plot(
        positions,
        values,
        MARKERS[number] + "-",
        color=COLOURS[number],
        markersize=3.5,
        linewidth=1.2,
        label=plot_name(name),
    )
    if len(positions) > 1:
        low, high = zip(*ends, strict=True)
        axes.fill_between(positions, low, high, color=COLOURS[number], alpha=0.15, linewidth=0)


def _lowest(figures: Iterable[Figure | None]) -> float:
    """The lower end of the scale: 0, or less where a figure is lower."""
    ends = [
        figure.interval[0] if figure.interval else figure.value
        for figure in figures
        if figure is not None and figure.value is not None
    ]
    return min([-0.02, *(end - 0.03 for end in ends)])


def _canvas(size: tuple[float, float], *, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise MissingExtraError("matplotlib", "review") from error
    canvas = Canvas(figsize=size, layout="constrained")
    return canvas, canvas.subplots(rows, columns)


def _tidy(axes: Any) -> None:
    axes.tick_params(axis="both", labelsize=8.5, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#b8bfc7")


def _svg(canvas: Any) -> str:
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "agreement", "svg.fonttype": "none", "font.family": "sans-serif"}):
        canvas.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    return svg[svg.index("<svg") :]
