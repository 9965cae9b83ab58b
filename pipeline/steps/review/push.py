"""Records of a workspace to Label Studio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from annotation.label_studio.exchange.push import Pushed, push
from annotation.label_studio.exchange.task_payload import TaskRequest
from annotation.label_studio.session import connect
from curation.scheme_change import REMEDY, foreign_names, in_words
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.review.calibration import calibrations
from pipeline.steps.review.secure import told_foreign
from pipeline.workspace import Workspace


def push_records(
    workspace: Workspace,
    store: Store,
    *,
    ids: Sequence[str | TaskRequest] | None = None,
    layers: Sequence[str] | None = None,
    progress: ProgressBar = no_progress,
) -> Pushed:
    """Records that wait for review, with their pre-annotations, in Label Studio; never twice; ids in their order.

    ``layers`` are shown side by side, each as predictions of its own model version. Raises UsageError when no
    record has one of them.
    """
    store.require_layers(layers or ())
    settings = workspace.config.review
    with (
        recorded(workspace, store, "review push", project=settings.project) as outcome,
        connect(workspace.folder, settings, gate_of(workspace, store, run=outcome.run)) as client,
        progress("push", None) as advance,
    ):
        told_foreign(workspace, store, client)
        pushed = push(
            store,
            client,
            workspace.scheme,
            settings,
            ids=ids,
            layers=layers,
            calibrations=calibrations(workspace),
            progress=advance,
        )
        tell_foreign(workspace, store, [record_id for record_id, _ in pushed.refused])
        outcome |= asdict(pushed)
    return pushed


def tell_foreign(workspace: Workspace, store: Store, refused: Sequence[str]) -> None:
    """Tell people in one line what the layers of records that were not sent use and the scheme does not have."""
    items = store.items(list(store.layer_names()), ids=refused) if refused else ()
    if foreign := foreign_names((layer for item in items for layer in item.layers.values()), workspace.scheme):
        workspace.notify(
            f"not sent: layers that use what the scheme {workspace.scheme.name} {workspace.scheme.version} does not "
            f"have: {in_words(foreign)}; {REMEDY}"
        )
