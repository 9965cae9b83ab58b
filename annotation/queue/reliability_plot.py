"""The reliability plot: how often entities are right by their scores, as they are and calibrated."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from curation.errors import MissingExtraError
from curation.plot_names import plain_names, plot_name
from curation.scoring.reliability import CalibrationReport, Reliability

#: Colours that colour-blind people can tell apart too (Okabe and Ito 2008).
COLOURS = {"as they are": "#e69f00", "calibrated": "#0072b2"}
QUIET = "#667"
#: Inches of a panel.
WIDTH, HEIGHT = 4.2, 4.4


@plain_names()
def reliability_plot(reports: Sequence[CalibrationReport], *, form: str) -> bytes:
    """A panel for each author with figures, as svg or png: the nearer to the diagonal, the more a score is a
    probability; the size of a point tells how many entities it stands for.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "review") from error
    shown = [report for report in reports if report.before is not None]
    style = {"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "calibration", "font.family": "sans-serif"}
    with rc_context(style):
        figure: Any = Figure(figsize=(WIDTH * max(1, len(shown)), HEIGHT), layout="constrained")
        for number, report in enumerate(shown, 1):
            axes: Any = figure.add_subplot(1, len(shown), number)
            for name, found in (("as they are", report.before), ("calibrated", report.after)):
                if found is not None:
                    _curve(axes, found, name, report.entities)
            _dress(axes, report)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=160, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def _curve(axes: Any, found: Reliability, name: str, entities: int) -> None:
    scores = [part.mean_score for part in found.curve]
    right = [part.right for part in found.curve]
    sizes = [12 + 240 * part.entities / entities for part in found.curve]
    axes.plot(scores, right, color=COLOURS[name], linewidth=1.2)
    label = f"{name}: ECE {found.ece_equal_mass.value:.3f}, Brier {found.brier.value:.3f}"
    axes.scatter(scores, right, s=sizes, color=COLOURS[name], alpha=0.75, label=label)


def _dress(axes: Any, report: CalibrationReport) -> None:
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel("score")
    axes.set_ylabel("share that reviewers kept")
    axes.set_title(
        f"{plot_name(report.scored_by)}\n{report.entities} entities of {report.records} records", fontsize=9, loc="left"
    )
    axes.grid(color="#e3e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", frameon=False, fontsize=8)
