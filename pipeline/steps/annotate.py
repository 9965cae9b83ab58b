"""One annotator over all records of a workspace."""

from __future__ import annotations

from pydantic import JsonValue

from annotation.annotators import annotator, remote_address
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def annotate(
    workspace: Workspace,
    store: Store,
    name: str,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    progress: ProgressBar = no_progress,
) -> StageReport:
    """An annotator's layer on every record that lacks it; what goes off this machine passes the gate."""
    gate = gate_of(workspace, store)
    stage = annotator(name, workspace.scheme, workspace.config.annotation, layer=layer, gate=gate)
    inputs: dict[str, JsonValue] = {"annotator": name, "layer": layer, "sent_to": remote_address(stage)}
    with recorded(workspace, store, "annotate", **inputs) as outcome:
        gate.run = outcome.run
        done = run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress)
        outcome |= done.as_json()
    return done
