"""One annotator over all records of a workspace."""

from __future__ import annotations

from annotation.annotators import annotator, remote_address
from curation.store import Store
from pipeline.progress import Notify, ProgressBar, no_progress, not_notified
from pipeline.runner import StageReport, run_over
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def annotate(
    workspace: Workspace,
    store: Store,
    spoken: str,
    *,
    layer: str | None = None,
    retry_failed: bool = False,
    notify: Notify = not_notified,
    progress: ProgressBar = no_progress,
) -> StageReport:
    """An annotator's layer on every record that lacks it; notifies of a remote address before the first record."""
    stage = annotator(spoken, workspace.scheme, workspace.config.annotation, layer=layer)
    remote = remote_address(stage)
    if remote:
        notify(f"{stage.name} sends the text of each record to {remote}, which is not this machine")
    with recorded(workspace, store, "annotate", annotator=spoken, layer=layer, sent_to=remote) as outcome:
        done = run_over(workspace, store, stage, retry_failed=retry_failed, progress=progress)
        outcome |= done.as_json()
    return done
