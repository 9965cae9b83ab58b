"""An adapter trained on a curated set of a workspace."""

from __future__ import annotations

from curation.errors import UsageError
from curation.path_name import path_name
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.freeze import check_fits, chosen_set, split_pairs, tell_losses
from pipeline.workspace import Workspace
from training.encoder import Trained
from training.encoder import train as train_adapter


def train(
    workspace: Workspace,
    store: Store,
    *,
    name: str,
    curated: str | None = None,
    progress: ProgressBar = no_progress,
) -> Trained:
    """An adapter of that name in the workspace, trained on a curated set, by default the newest."""
    adapters = workspace.folder / "adapters"
    name = path_name(name, "an adapter", among=adapters)
    chosen = chosen_set(store, curated)
    check_fits(chosen, workspace.scheme)
    if not workspace.scheme.categories:
        raise UsageError(
            f"expected a scheme with categories, {workspace.scheme.name} has document labels only, which no trainer "
            "learns yet; `curate export` writes them for other trainers"
        )
    tell_losses(workspace, chosen)
    learn, choose = (list(split_pairs(store, chosen, split)) for split in ("train", "validation"))
    with (
        recorded(workspace, store, "train", set=chosen.digest, name=name) as outcome,
        progress(f"train {name} (windows' steps)", None) as advance,
    ):
        try:
            trained = train_adapter(
                learn,
                choose,
                scheme=workspace.scheme,
                settings=workspace.config.training,
                to=adapters / name,
                on_step=lambda done, total, loss: advance(1),
            )
        except KeyboardInterrupt:
            workspace.notify(f"train {name}: nothing of this training is kept; the next one begins at the start")
            raise
        outcome |= {"folder": str(trained.folder), "manifest": trained.manifest.model_dump(mode="json")}
    return trained
