"""Validation over a whole workspace: measure what is new, then judge everything."""

from __future__ import annotations

from curation.store import Store
from pipeline.runs import recorded
from pipeline.stages import run_over
from pipeline.workspace import Workspace
from validation.judge import Verdicts, judge
from validation.stage import Measure


def validate(workspace: Workspace, store: Store, *, layer: str | None = None, retry_failed: bool = False) -> Verdicts:
    """Verdicts on every record, by the layer given, else by the one that the settings prefer."""
    settings = workspace.config.validation
    if layer is not None:
        settings = settings.model_copy(update={"layer": layer})
    with recorded(workspace, store, "validate", layer=layer) as outcome:
        stage = Measure.over(store, workspace.scheme, settings)
        measured = run_over(workspace, store, stage, retry_failed=retry_failed)
        verdicts = judge(store, workspace.scheme, settings, workspace.folder)
        outcome |= {"measured": measured.as_json(), "verdicts": verdicts.as_json()}
    return verdicts
