"""Plots of experiments: learning curves with their fit, and figures side by side with their intervals."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name
from training.experiments.learning_curve import FittedCurve
from training.experiments.ledger import MeasuredFigure
from training.experiments.result import ResultPlot
from training.plot import GRID, INK

#: Colours that colour-blind people can tell apart too (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000", "#999999", "#882255")
MARKERS = ("o", "s", "D", "^", "v", "P")

Draw = Callable[[Any], None]


def curve_plot(curve: FittedCurve) -> ResultPlot:
    """The mean at each size with its interval, and the fitted power law up to twice the largest size."""

    def draw(axes: Any) -> None:
        sizes = [size.records for size in curve.sizes]
        _errorbar(axes, sizes, [(size.mean, size.interval) for size in curve.sizes], 0, curve.figure)
        if curve.fit is not None:
            import numpy as np

            law = curve.fit
            line = np.geomspace(min(sizes), 2 * max(sizes), 100)
            words = f"1 - ({law.a:.3g} n^-{law.b:.2f} + {law.c:.3f})"
            axes.plot(line, 1 - (law.a * line**-law.b + law.c), color=COLOURS[1], linestyle="--", label=words)
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
        axes.minorticks_off()
        _of_figure(axes, curve.figure)
        axes.set_xlabel("training records")

    return _plot("curve", f"Learning curve: {curve.figure}", draw)


def shots_plot(series: Mapping[str, Sequence[tuple[int, MeasuredFigure]]], figure: str) -> ResultPlot:
    """A figure against the number of examples, one line for each series."""

    def draw(axes: Any) -> None:
        ticks = sorted({shots for points in series.values() for shots, _ in points})
        for number, (name, points) in enumerate(series.items()):
            values = [(point.value, point.interval) for _, point in points if point.value is not None]
            places = [ticks.index(shots) for shots, point in points if point.value is not None]
            _errorbar(axes, places, values, number, name)
        axes.set_xticks(range(len(ticks)), [f"{tick:,}" for tick in ticks])
        _of_figure(axes, figure)
        axes.set_xlabel("records of the set that was left out, in training")

    return _plot("shots", f"Examples of the set that was left out: {figure}", draw)


def bars_plot(figures: Mapping[str, MeasuredFigure], figure: str) -> ResultPlot:
    """A figure of each variant with its interval, one below the other."""

    def draw(axes: Any) -> None:
        names = list(figures)
        for row, found in enumerate(figures.values()):
            value = found.value or 0.0
            low, high = found.interval or (value, value)
            error = [[max(0, value - low)], [max(0, high - value)]]
            axes.barh(row, value, height=0.6, color=COLOURS[0], xerr=error, error_kw={"ecolor": INK, "capsize": 2})
            axes.text(max(value, high) + 0.012, row, f"{value:.3f}" if found.value is not None else "-", va="center")
        axes.set_yticks(range(len(names)), [plot_name(name) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(0, 1.12)
        axes.set_xlabel(f"{plot_name(figure)} with 95 % interval over test documents")
        axes.grid(axis="x", color=GRID)
        axes.set_axisbelow(True)

    return _plot("variants", f"Variants: {figure}", draw, height=1.2 + 0.42 * len(figures))


def counts_plot(counts: Mapping[str, Mapping[str, int]], title: str, name: str) -> ResultPlot:
    """Numbers of each row as stacked bars, by their kind; kinds have the same colours in every row."""

    def draw(axes: Any) -> None:
        kinds = list(dict.fromkeys(kind for row in counts.values() for kind in row))
        begin = [0] * len(counts)
        for number, kind in enumerate(kinds):
            widths = [row.get(kind, 0) for row in counts.values()]
            axes.barh(range(len(counts)), widths, left=begin, color=COLOURS[number % len(COLOURS)], label=kind)
            begin = [start + width for start, width in zip(begin, widths, strict=True)]
        axes.set_yticks(range(len(counts)), [plot_name(name) for name in counts])
        axes.set_ylim(len(counts) - 0.4, -0.6)
        axes.set_xlabel("errors")
        axes.grid(axis="x", color=GRID)
        axes.set_axisbelow(True)

    return _plot(name, title, draw, height=1.4 + 0.32 * len(counts))


def _errorbar(
    axes: Any,
    places: Sequence[float],
    values: Sequence[tuple[float | None, tuple[float, float] | None]],
    number: int,
    name: str,
) -> None:
    means = [value or 0.0 for value, _ in values]
    ends = [interval or (mean, mean) for mean, (_, interval) in zip(means, values, strict=True)]
    errors = [
        [max(0, mean - low) for mean, (low, _) in zip(means, ends, strict=True)],
        [max(0, high - mean) for mean, (_, high) in zip(means, ends, strict=True)],
    ]
    style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)], "capsize": 3}
    axes.errorbar(places, means, yerr=errors, label=plot_name(name), **style)


def _of_figure(axes: Any, figure: str) -> None:
    axes.set_ylim(0, 1.02)
    axes.set_ylabel(plot_name(figure))
    axes.grid(color=GRID)
    axes.set_axisbelow(True)


@plain_names()
def _plot(name: str, title: str, draw: Draw, *, height: float = 4.2) -> ResultPlot:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train") from error
    drawn = {}
    with rc_context({"font.size": 9, "svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": name}):
        canvas: Any = Figure(figsize=(8.2, height), layout="constrained")
        axes: Any = canvas.add_subplot()
        draw(axes)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
        for form in ("svg", "png"):
            buffer = io.BytesIO()
            canvas.savefig(buffer, format=form, dpi=160, metadata={"Date": None} if form == "svg" else None)
            drawn[form] = buffer.getvalue()
    return ResultPlot(name, title, drawn["svg"], drawn["png"])
