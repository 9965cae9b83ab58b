"""An adapter trained on a curated set of a workspace, and what its view of the set would hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from curation.errors import UsageError
from curation.file_digest import file_digest
from curation.path_name import path_name
from curation.record import Layer, Record
from curation.store import Store
from curation.store.sets import CuratedSet
from curation.tagging.folder import MANIFEST, read_manifest, weights_file
from pipeline.progress import Advance, Notify, ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.freeze import check_fits, chosen_set, split_pairs, tell_losses
from pipeline.workspace import Workspace
from training.checkpoints import Checkpoints
from training.shown import ShownRow
from training.trained import Trained, TrainingJob, training_fingerprint
from training.trainers import chosen, trainer
from training.view_check import ViewCheck

#: Where checkpoints are, in a folder for each adapter.
WORK = "training"


@dataclass(frozen=True, slots=True)
class CheckedViews:
    """What the view of a training holds of each split of a curated set; examples of it are clinical text."""

    of: str
    task: str
    model: str
    by_split: dict[str, ViewCheck]
    allowed: bool
    examples: tuple[ShownRow, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the training would be refused."""
        return bool(self.by_split["train"].lost) and not self.allowed

    @property
    def unlearnt(self) -> dict[str, tuple[str, ...]]:
        """By split, what occurs there and never in training: no model can find it."""
        lacking = self.by_split["train"].never_seen
        found = {
            split: tuple(name for name in lacking if name not in check.never_seen)
            for split, check in self.by_split.items()
        }
        return {split: names for split, names in found.items() if names}

    def as_json(self) -> dict[str, JsonValue]:
        """The counts; no examples."""
        return {
            "set": self.of,
            "task": self.task,
            "model": self.model,
            "refused": self.refused,
            "never_seen_in_training": {split: [*names] for split, names in self.unlearnt.items()},
            "splits": {split: check.model_dump(mode="json") for split, check in self.by_split.items()},
        }


@dataclass(frozen=True, slots=True)
class _SplitPairs:
    """The records of a split with their frozen layers, read from the store each time."""

    store: Store
    curated: CuratedSet
    split: str

    def __iter__(self) -> Iterator[tuple[Record, Layer]]:
        return split_pairs(self.store, self.curated, self.split)


def train(
    workspace: Workspace,
    store: Store,
    *,
    name: str,
    curated: str | None = None,
    again: bool = False,
    progress: ProgressBar = no_progress,
) -> Trained:
    """An adapter of that name in the workspace, trained on a curated set, by default the newest.

    One that an earlier training has made from the same set with the same settings is given as it is, and one that was
    ended goes on from its checkpoint; again: it is trained anew from the start.
    """
    settings, scheme = workspace.config.training, workspace.scheme
    adapters = workspace.folder / "adapters"
    name = path_name(name, "an adapter", among=adapters)
    chosen_pairs = _checked_set(workspace, store, curated)
    fits = trainer(settings, scheme)
    content = [chosen_pairs.digest, sorted(chosen_pairs.deleted.items()), scheme.digest]
    fingerprint = training_fingerprint(settings, [*content, *chosen(settings, scheme), fits.identity(settings)])
    if not again and (made := _made_before(adapters / name, fingerprint)) is not None:
        workspace.notify(f"train {name}: trained on this set with these settings before; --again trains it anew")
        return made
    work = workspace.subfolder(WORK) / name
    _tell_checkpoint(Checkpoints(work, fingerprint), name, fingerprint, again=again, notify=workspace.notify)
    shown = _Shown(progress, name)
    with recorded(workspace, store, "train", set=chosen_pairs.digest, name=name) as outcome, shown:
        try:
            trained = fits.train(
                TrainingJob(
                    _SplitPairs(store, chosen_pairs, "train"),
                    _SplitPairs(store, chosen_pairs, "validation"),
                    scheme,
                    settings,
                    adapters / name,
                    on_step=shown.step,
                    work=work,
                    fingerprint=fingerprint,
                )
            )
        except KeyboardInterrupt:
            if Checkpoints(work, fingerprint).found:
                workspace.notify(f"train {name}: ended with a checkpoint; the same command goes on from it")
            raise
        finally:
            with suppress(OSError):
                work.rmdir()  # where nothing is kept, there is no folder for it
        outcome |= {"folder": str(trained.folder), "manifest": trained.manifest.model_dump(mode="json")}
    return trained


def check_views(workspace: Workspace, store: Store, *, curated: str | None = None, show: int = 0) -> CheckedViews:
    """What the view that `train` would learn from holds of a curated set; nothing is trained.

    show: so many training records as examples.
    """
    settings, scheme = workspace.config.training, workspace.scheme
    chosen_pairs = _checked_set(workspace, store, curated)
    fits = trainer(settings, scheme)
    task, model = chosen(settings, scheme)
    splits = {split: _SplitPairs(store, chosen_pairs, split) for split in ("train", "validation", "test")}
    return CheckedViews(
        of=f"{chosen_pairs.name}@{chosen_pairs.version}",
        task=task,
        model=model,
        by_split={split: fits.check(pairs, scheme, settings, None) for split, pairs in splits.items()},
        allowed=settings.allow_lost,
        examples=tuple(fits.shown(islice(splits["train"], show), scheme, settings)),
    )


def _checked_set(workspace: Workspace, store: Store, name: str | None) -> CuratedSet:
    found = chosen_set(store, name)
    check_fits(found, workspace.scheme)
    tell_losses(workspace, found)
    return found


def _made_before(folder: Path, fingerprint: str) -> Trained | None:
    """The adapter in the folder, where a training with this fingerprint has made it and it is whole."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        manifest = read_manifest(folder)
    except UsageError:
        return None
    weights = weights_file(folder, manifest.kind)
    same = manifest.training.get("fingerprint") == fingerprint
    if not (same and weights.is_file() and file_digest(weights) == manifest.weights_digest):
        return None
    return Trained(folder, manifest, unchanged=True)


def _tell_checkpoint(checkpoints: Checkpoints, name: str, fingerprint: str, *, again: bool, notify: Notify) -> None:
    """Says what becomes of the checkpoint of a training that was ended."""
    found = checkpoints.found
    if found is None:
        return
    if again or found != fingerprint:
        why = "" if again else ", since the set, the settings or the version have changed"
        notify(f"train {name}: begins at the start, not from the checkpoint of a training that was ended{why}")
        checkpoints.clear()
    else:
        notify(f"train {name}: goes on from the checkpoint of a training that was ended")


class _Shown:
    """The progress of a training, whose number of steps is known with the first of them."""

    def __init__(self, progress: ProgressBar, name: str) -> None:
        self._progress = progress
        self._name = name
        self._bars = ExitStack()
        self._advance: Advance | None = None

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.close()

    def step(self, done: int, total: int, loss: float) -> None:
        """One more step."""
        if self._advance is None:
            title = f"train {self._name} (steps)"
            self._advance = self._bars.enter_context(self._progress(title, total - done + 1))
        self._advance(1, note=f"loss {loss:.3f}")
