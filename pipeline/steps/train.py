"""An adapter trained on a curated set of a workspace, and what its view of the set would hold."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from curation.downloads import downloads_allowed
from curation.errors import UsageError
from curation.file_digest import file_digest
from curation.path_name import path_name
from curation.store import Store
from curation.tagging.folder import MANIFEST, read_manifest, weights_file
from pipeline.progress import Advance, Notify, ProgressBar, no_progress
from pipeline.runs import LEFT_OUT, recorded
from pipeline.several_processes import run_together
from pipeline.told_training import told_training
from pipeline.training_material import training_material
from pipeline.workspace import Workspace
from training.checkpoints import Checkpoints
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.slow_precision import slow_precision
from training.trained import Trained, TrainingJob, changed_settings, former_fingerprints, training_fingerprint
from training.trainers import TaskTrainer, chosen, trainer
from training.training_group import is_started, training_group
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
    #: Of several sets: what each annotates, and what was left out of it.
    joined: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the training would be refused."""
        return self.nothing or (bool(self.by_split["train"].lost) and not self.allowed)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to learn from."""
        return not self.by_split["train"].annotations

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
            **({"joined": dict(self.joined)} if self.joined else {}),
            "splits": {split: check.model_dump(mode="json") for split, check in self.by_split.items()},
        }


def train(
    workspace: Workspace,
    store: Store,
    *,
    name: str,
    curated: str | Sequence[str] | None = None,
    mapping: Path | None = None,
    again: bool = False,
    progress: ProgressBar = no_progress,
) -> Trained:
    """An adapter of that name in the workspace, trained on a curated set, by default the newest, or on several.

    mapping: a file with common names for what the sets' schemes call otherwise. Of several sets, or with a mapping, the
    common scheme stands as COMMON_SCHEME in the adapter's folder.
    One that an earlier training has made from the same set with the same settings is given as it is, and one that was
    ended goes on from its checkpoint; again: it is trained anew from the start.
    """
    settings = workspace.config.training
    adapters = workspace.folder / "adapters"
    name = path_name(name, "an adapter", among=adapters)
    material = training_material(workspace, store, curated, mapping)
    scheme = material.scheme
    fits = trainer(settings, scheme)
    content = [*material.content, *chosen(settings, scheme), fits.identity(settings)]
    fingerprint, former = training_fingerprint(settings, content), former_fingerprints(settings, content)
    if not again and (made := made_before(adapters / name, fingerprint, *former)) is not None:
        workspace.notify(f"train {name}: trained on this set with these settings before; --again trains it anew")
        return replace(made, page=told_training(workspace, store, made, material, again=False))
    if settings.processes > 1 and not is_started():
        run_together(_arguments(workspace, name, curated, mapping, again=again), settings.processes)
        made = Trained(adapters / name, read_manifest(adapters / name))
        return replace(made, page=told_training(workspace, store, made, material, again=False))
    work = workspace.subfolder(WORK) / name
    beside = is_started() and not training_group().is_first
    if not beside:
        _tell_other_settings(adapters / name, settings, again=again, notify=workspace.notify)
        tell_slow(settings, workspace.notify)
        _tell_checkpoint(Checkpoints(work, fingerprint), name, fingerprint, again=again, notify=workspace.notify)
    training_group().wait()
    job = TrainingJob(
        material.splits["train"],
        material.splits["validation"],
        scheme,
        settings,
        adapters / name,
        work=work,
        fingerprint=fingerprint,
        about=material.about,
        minimum_records=workspace.config.review.agreement.minimum_records,
    )
    if beside:
        return _beside_first(fits, job)
    shown = _Shown(progress, name, settings.epochs)
    job.on_step = shown.step
    inputs: dict[str, JsonValue] = {"sets": material.digests} if material.about else {"set": material.digests[0]}
    with recorded(workspace, store, "train", **inputs, name=name) as outcome, shown:
        try:
            trained = fits.train(job)
        except KeyboardInterrupt:
            if Checkpoints(work, fingerprint).found:
                workspace.notify(f"train {name}: ended with a checkpoint; the same command goes on from it")
            raise
        finally:
            with suppress(OSError):
                work.rmdir()  # where nothing is kept, there is no folder for it
        outcome |= {"folder": str(trained.folder), "manifest": trained.manifest.model_dump(mode="json")}
        if material.left_out:
            outcome |= {LEFT_OUT: material.left_out}
        shown.close()
        trained = replace(trained, page=told_training(workspace, store, trained, material))
        outcome["page"] = str(trained.page)
    return trained


def _arguments(
    workspace: Workspace, name: str, curated: str | Sequence[str] | None, mapping: Path | None, *, again: bool
) -> list[str]:
    """What `curate` is told to do the same training."""
    names = [curated] if isinstance(curated, str) else curated or ()
    options = {"--workspace": workspace.folder, "--name": name, "--mapping": mapping}
    return [
        "train",
        *(str(part) for option, value in options.items() if value is not None for part in (option, value)),
        *(part for of in names for part in ("--set", of)),
        *(["--again"] if again else []),
        *(["--allow-download"] if downloads_allowed() else []),
    ]


def _beside_first(fits: TaskTrainer, job: TrainingJob) -> Trained:
    """The same training in a process that only computes: what it would write is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        job.to = Path(folder) / job.to.name
        return fits.train(job)


def check_views(
    workspace: Workspace,
    store: Store,
    *,
    curated: str | Sequence[str] | None = None,
    mapping: Path | None = None,
    show: int = 0,
) -> CheckedViews:
    """What the view that `train` would learn from holds of a curated set; nothing is trained.

    show: so many training records as examples.
    """
    settings = workspace.config.training
    tell_slow(settings, workspace.notify)
    material = training_material(workspace, store, curated, mapping)
    scheme, splits = material.scheme, material.splits
    fits = trainer(settings, scheme)
    task, model = chosen(settings, scheme)
    return CheckedViews(
        of=material.name,
        task=task,
        model=model,
        by_split={split: fits.check(pairs, scheme, settings, None) for split, pairs in splits.items()},
        allowed=settings.allow_lost,
        examples=tuple(fits.shown(islice(splits["train"], show), scheme, settings)),
        joined=material.about,
    )


def made_before(folder: Path, *fingerprints: str) -> Trained | None:
    """The adapter in the folder, where a training with one of these fingerprints has made it and it is whole."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        manifest = read_manifest(folder)
    except UsageError:
        return None
    weights = weights_file(folder, manifest.kind)
    same = manifest.training.get("fingerprint") in fingerprints
    if not (same and weights.is_file() and file_digest(weights) == manifest.weights_digest):
        return None
    return Trained(folder, manifest, unchanged=True)


def tell_slow(settings: TrainingSettings, notify: Notify) -> None:
    """Says where the precision is slow on this machine."""
    if line := slow_precision(settings):
        notify(line)


def _tell_other_settings(folder: Path, settings: TrainingSettings, *, again: bool, notify: Notify) -> None:
    """Says by which settings the adapter that is there was trained otherwise: it is trained anew in its place."""
    try:
        changes = [] if again else changed_settings(read_manifest(folder).settings, settings)
    except UsageError:  # none is there, or none that can be read
        return
    if changes:
        notify(f"train {folder.name}: the adapter that is there was trained otherwise: {'; '.join(changes)}")


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

    def __init__(self, progress: ProgressBar, name: str, epochs: int) -> None:
        self._progress = progress
        self._name = name
        self._epochs = epochs
        self._bars = ExitStack()
        self._advance: Advance | None = None

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """No more steps come."""
        self._bars.close()

    def step(self, done: int, total: int, loss: float) -> None:
        """One more step."""
        if self._advance is None:
            title = f"train {self._name} (steps)"
            self._advance = self._bars.enter_context(self._progress(title, total - done + 1))
        # Epochs of questions differ by a few steps, since their negatives are drawn anew.
        epoch = min(self._epochs, (done - 1) * self._epochs // total + 1)
        self._advance(1, note=f"epoch {epoch} of {self._epochs}, loss {loss:.3f}")
