"""Shares of different rows of words by author, generated beside real, as bars: with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name
from curation.sets.diversity import REAL, ROWS, GroupDiversity

COLOURS = ("#1b4f72", "#2e86c1", "#85c1e9")
INK, GRID = "#2c3e50", "#e3e7eb"
#: Inches a group takes, and those around all of them.
GROUP, MARGIN, WIDTH = 0.7, 1.1, 8.6


@plain_names()
def diversity_plot(groups: Sequence[GroupDiversity], *, form: str = "svg") -> bytes:
    """The plot as SVG or PNG."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "validate") from error
    with rc_context({"font.size": 9, "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure: Any = Figure(figsize=(WIDTH, MARGIN + GROUP * len(groups)), layout="constrained")
        axes: Any = figure.add_subplot()
        for number, length in enumerate(ROWS):
            places = [row + (number - 1) * 0.26 for row in range(len(groups))]
            values = [group.distinct[str(length)] for group in groups]
            label = "different words" if length == 1 else f"different rows of {length} words"
            axes.barh(places, values, height=0.24, color=COLOURS[number], label=label)
            for place, value in zip(places, values, strict=True):
                axes.text(value + 0.008, place, f"{value:.2f}", va="center", fontsize=7.5, color=INK)
        _dress(axes, groups)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=160, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def _dress(axes: Any, groups: Sequence[GroupDiversity]) -> None:
    names = [
        f"{'real texts' if group.author == REAL else plot_name(group.author)}, {plot_name(group.language)} "
        f"({group.records})"
        for group in groups
    ]
    axes.set_yticks(range(len(groups)), names)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xlim(0, 1.08)
    axes.set_xlabel("share among all rows, over the same number of words of each author in a language")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
