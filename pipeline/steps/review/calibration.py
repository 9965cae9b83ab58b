"""How far the scores of layers are probabilities, over a whole workspace; what is learned is kept for Label Studio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from annotation.label_studio.shown_layers import shown_layers
from annotation.queue.calibration_report import LayerCalibration, learned_calibrations, write_calibration
from annotation.queue.score_outcomes import score_outcomes
from curation.errors import UsageError
from curation.scoring.calibration import Calibration
from curation.scoring.reliability import report_calibration
from curation.store import Store
from pipeline.runs import recorded
from pipeline.workspace import Workspace

#: Where reports are in a workspace.
REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class CalibrationPage:
    """The figures of a layer, and the page that shows them."""

    found: LayerCalibration
    page: Path

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts."""
        figures: dict[str, JsonValue] = self.found.model_dump(mode="json")
        return figures | {"report": str(self.page)}


def measure_calibration(
    workspace: Workspace, store: Store, *, layer: str | None = None, against: str | None = None
) -> list[CalibrationPage]:
    """The calibration of a layer, or of each that reviewers are shown; where there is too little, that is said.

    against: the reviewed layer; by default the consensus, or what people said. Raises UsageError for unknown layers.
    """
    store.require_layers([*filter(None, (layer, against))])
    if layer is not None and layer == against:
        raise UsageError(f"expected another layer to measure {layer} against, got the same")
    known = store.layer_names()
    names = [layer] if layer else [name for name in shown_layers(store, workspace.config.review) if name in known]
    pages = []
    with recorded(workspace, store, "review calibration", layers=[*names], against=against) as outcome:
        for name in names:
            outcomes = score_outcomes(store, name, against=against)
            reports = [report_calibration(scored_by, pairs) for scored_by, pairs in sorted(outcomes.found.items())]
            found = LayerCalibration(
                layer=name, against=against, reports=tuple(reports), left_out=dict(outcomes.counts())
            )
            pages.append(CalibrationPage(found, write_calibration(found, workspace.subfolder(REPORTS))))
        outcome["layers"] = [page.as_json() for page in pages]
    return pages


def calibrations(workspace: Workspace) -> dict[str, Calibration]:
    """What `curate review calibration` has learned, by who gives the scores."""
    return learned_calibrations(workspace.folder / REPORTS)
