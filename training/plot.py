"""F1 by category as bars, and a training as a curve: the only module of this package that imports matplotlib."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name
from curation.scoring.entities import MODES, EntityScores, Score
from training.course_figures import CourseFigures

VALIDATION = "#b9540f"
COLOURS = {"strict": "#1b4f72", "lenient": "#7fb3d5"}
INK, GRID, WHISKER = "#2c3e50", "#e3e7eb", "#8d99a6"

#: Inches a category takes, and those around all of them.
ROW, MARGIN, WIDTH = 0.46, 0.9, 8.6


@plain_names()
def f1_plot(scores: EntityScores, labels: dict[str, str], *, form: str = "svg", title: str = "") -> bytes:
    """The plot as SVG or PNG; ``labels`` names the categories for people."""
    names = list(scores.strict.per_category)
    with _figure(MARGIN + ROW * (len(names) + 1)) as figure:
        axes: Any = figure.add_subplot()
        for offset, mode in zip((-0.19, 0.19), MODES, strict=True):
            found = getattr(scores, mode)
            _bars(axes, [found.micro, *(found.per_category[name] for name in names)], offset, mode)
        ticks = [f"all, micro ({scores.strict.micro.gold})"]
        ticks += [f"{plot_name(labels.get(name, name))} ({scores.strict.per_category[name].gold})" for name in names]
        _dress(axes, ticks, title)
        return _saved(figure, form)


@plain_names()
def course_plot(course: CourseFigures, *, form: str = "svg") -> bytes:
    """The mean loss of each epoch, the validation's figure, the epoch that is kept, and where it ended early."""
    epochs = range(1, len(course.losses) + 1)
    with _figure(3.2) as figure:
        axes: Any = figure.add_subplot()
        axes.plot(epochs, course.losses, color=COLOURS["strict"], marker="o", markersize=3, label="mean loss")
        axes.set_xlabel("epoch")
        axes.set_ylabel("mean loss", color=COLOURS["strict"])
        axes.set_ylim(bottom=0)
        axes.set_xlim(0.5, max(course.epochs, len(course.losses)) + 0.5)
        axes.grid(color=GRID, linewidth=0.8)
        if course.validation:
            other = axes.twinx()
            other.plot(epochs[: len(course.validation)], course.validation, color=VALIDATION, marker="s", markersize=3)
            other.set_ylabel(plot_name(course.measure), color=VALIDATION)
            axes.axvline(course.best, color=INK, linestyle=":", linewidth=1)
            axes.text(course.best, 1.01, "kept", transform=axes.get_xaxis_transform(), ha="center", fontsize=8)
        if course.ended_early:
            axes.axvline(len(course.losses), color=INK, linestyle="--", linewidth=1)
            axes.text(len(course.losses), 1.01, "ended early", transform=axes.get_xaxis_transform(), fontsize=8)
        return _saved(figure, form)


@contextmanager
def _figure(height: float) -> Iterator[Any]:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train") from error
    with rc_context({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "", "font.family": "sans-serif"}):
        yield Figure(figsize=(WIDTH, height), layout="constrained")


def _saved(figure: Any, form: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=160, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def _bars(axes: Any, scores: list[Score], offset: float, mode: str) -> None:
    positions = [row + offset for row in range(len(scores))]
    values = [score.f1 or 0.0 for score in scores]
    lows, highs = zip(
        *(score.f1_interval or (value, value) for score, value in zip(scores, values, strict=True)),
        strict=True,
    )
    errors = [
        [max(value - low, 0) for value, low in zip(values, lows, strict=True)],
        [max(high - value, 0) for value, high in zip(values, highs, strict=True)],
    ]
    style = {"ecolor": WHISKER, "capsize": 2, "elinewidth": 0.8}
    axes.barh(positions, values, height=0.36, color=COLOURS[mode], label=mode, xerr=errors, error_kw=style)
    for position, value, high in zip(positions, values, highs, strict=True):
        axes.text(max(value, high) + 0.012, position, f"{value:.2f}", va="center", fontsize=7.5, color=INK)


def _dress(axes: Any, ticks: list[str], title: str) -> None:
    axes.set_yticks(range(len(ticks)), ticks)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(len(ticks) - 0.4, -0.6)
    axes.axhline(0.5, color=INK, linewidth=0.6)
    axes.set_xlim(0, 1.08)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_xlabel("F1 with 95 % interval over documents; in brackets, entities in gold")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    if title:
        axes.set_title(plot_name(title), loc="right", fontsize=10, color=INK)
