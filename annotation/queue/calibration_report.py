"""The calibration of a layer's scores as files: a page, its plot, and the figures with what was learned."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from annotation.queue.reliability_plot import reliability_plot
from curation.atomic_file import refilled
from curation.errors import CurateError
from curation.html_templates import templates
from curation.path_name import folder_name
from curation.record import Frozen
from curation.scoring.calibration import Calibration
from curation.scoring.reliability import CalibrationReport, ReliabilityFigure

#: The folder of a layer's report, below the reports of a workspace, and its files.
FOLDER = "calibration-{layer}"
PAGE, FIGURES, PLOT = "report.html", "calibration.json", "reliability"


class LayerCalibration(Frozen):
    """The scores of a layer against reviews, for each author of it, alone or with a judge.

    left_out: records without a review and rejected ones, entities without a score.
    """

    layer: str
    against: str | None = None
    reports: tuple[CalibrationReport, ...] = ()
    left_out: dict[str, int] = Field(default_factory=dict)


def write_calibration(found: LayerCalibration, reports: Path) -> Path:
    """The page in a folder of its own below the reports of a workspace; beside it the plot as SVG and PNG, and the
    figures. No clinical text is in them.
    """
    to = reports / FOLDER.format(layer=folder_name(found.layer))
    plots = {form: reliability_plot(found.reports, form=form) for form in ("svg", "png")} if _is_measured(found) else {}
    drawn = plots["svg"].decode("utf-8") if plots else ""
    environment = templates(Path(__file__).parent, extra="review")
    environment.filters["figure"] = shown
    # An empty plot of before would look like one of now.
    stale = {f"{PLOT}.{form}" for form in ("svg", "png")} - {f"{PLOT}.{form}" for form in plots}
    with refilled(to, also_goes=lambda names: stale) as inside:
        for form, content in plots.items():
            (inside / f"{PLOT}.{form}").write_bytes(content)
        (inside / FIGURES).write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
        page = environment.get_template("calibration.html.jinja").render(
            data=found, plot=drawn[drawn.index("<svg") :] if drawn else ""
        )
        (inside / PAGE).write_text(page, encoding="utf-8")
    return to / PAGE


def learned_calibrations(reports: Path) -> dict[str, Calibration]:
    """What was learned in a workspace, by who gives the scores; of several about one, the one from most entities.

    Raises CurateError where a file does not fit.
    """
    found: dict[str, Calibration] = {}
    for path in sorted(reports.glob(f"{FOLDER.format(layer='*')}/{FIGURES}")):
        for report in _read(path).reports:
            before = found.get(report.scored_by)
            is_better = before is None or report.calibration.learned_from > before.learned_from
            if report.calibration.is_learned and is_better:
                found[report.scored_by] = report.calibration
    return found


def shown(figure: ReliabilityFigure) -> str:
    """A figure with its interval, for people."""
    ends = f" [{figure.interval[0]:.3f}, {figure.interval[1]:.3f}]" if figure.interval else ""
    return f"{figure.value:.3f}{ends}"


def _is_measured(found: LayerCalibration) -> bool:
    return any(report.before is not None for report in found.reports)


def _read(path: Path) -> LayerCalibration:
    try:
        return LayerCalibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise CurateError(
            f"expected a calibration in {path}, got what is none; make it again with `curate review calibration`, or "
            "delete the folder"
        ) from error
