"""What every trainer is given and gives back, and how an adapter of an encoder is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.file_digest import file_digest
from curation.private_files import made_private
from curation.record import digest
from curation.scheme import Scheme
from curation.tagging.encoder import WEIGHTS
from curation.tagging.folder import AdapterManifest, Task, file_digests, save_weights, write_manifest
from curation.tagging.words import Splitter
from training.card import write_card
from training.checkpoints import Checkpoints
from training.course import Course
from training.examples import Pair
from training.learnt_from import LearntFrom, again_and_again
from training.loop import OnStep
from training.settings import TrainingSettings
from training.view_check import ViewCheck, check_json

PACKAGES = ("torch", "transformers", "peft", "tokenizers", "safetensors")


#: Raised when the same training would make another adapter.
VERSION = 1
#: Settings that change how long a training takes, and not what comes out.
OPERATIONAL = {"threads", "checkpoint_steps", "device", "gradient_checkpointing", "allow_lost", "questions"}


def training_fingerprint(settings: TrainingSettings, content: Sequence[object]) -> str:
    """A digest of all that an adapter depends on: the settings, and what is learnt from, in the caller's words."""
    return digest([VERSION, settings.model_dump(mode="json", exclude=OPERATIONAL), *content])


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished adapter: its folder, its manifest, and the validation score after each epoch.

    unchanged: an earlier training with the same set and settings had made it.
    """

    folder: Path
    manifest: AdapterManifest
    history: tuple[float, ...] = ()
    unchanged: bool = False


@dataclass
class TrainingJob:
    """What is learnt from, how, and where to; the work folder keeps the checkpoint, and without one there is none."""

    pairs: Iterable[Pair]
    validation: Iterable[Pair]
    scheme: Scheme
    settings: TrainingSettings
    to: Path
    on_step: OnStep | None = None
    work: Path | None = None
    fingerprint: str = ""
    learnt_from: LearntFrom = field(init=False)
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.pairs, self.validation = again_and_again(self.pairs), again_and_again(self.validation)
        self.learnt_from = LearntFrom(self.pairs)
        if self.work:
            made_private(self.work)

    @property
    def checkpoints(self) -> Checkpoints | None:
        """Where this training's checkpoints are."""
        return Checkpoints(self.work, self.fingerprint) if self.work else None

    def saved(
        self,
        model: Any,
        splitter: Splitter,
        course: Course,
        *,
        base: Path,
        check: ViewCheck,
        labels: tuple[str, ...],
        head: str,
        task: Task,
        details: dict[str, JsonValue] | None = None,
    ) -> Trained:
        """The encoder's adapter in its folder, in place of an earlier one; the checkpoint is removed after it."""
        settings, kind = self.settings, "full" if self.settings.full else "lora"

        def write(folder: Path) -> tuple[str, dict[str, str]]:
            weights = save_weights(model, splitter, folder, base_model=settings.base_model, kind=kind)
            return weights, file_digests(folder, kind, base)

        return self.written(
            write,
            course,
            check=check,
            labels=labels,
            head=head,
            task=task,
            base_model=settings.base_model,
            base_digest=file_digest(base / WEIGHTS),
            details=details,
        )

    def written(
        self,
        write: Callable[[Path], tuple[str, dict[str, str]]],
        course: Course,
        *,
        check: ViewCheck,
        labels: tuple[str, ...],
        head: str,
        task: Task,
        base_model: str,
        base_digest: str,
        details: dict[str, JsonValue] | None = None,
    ) -> Trained:
        """The adapter in its folder; `write` puts the weights there and gives their digest and others'."""
        settings = self.settings
        with refilled(self.to) as inside:
            weights, files = write(inside)
            manifest = AdapterManifest(
                name=self.to.name,
                kind="full" if settings.full else "lora",
                task=task,
                model=head,
                scheme=self.scheme.name,
                scheme_digest=self.scheme.digest,
                labels=labels,
                details=details or {},
                languages=self.learnt_from.languages,
                window=settings.window,
                stride=settings.stride,
                base_model=base_model,
                base_digest=base_digest,
                weights_digest=weights,
                files=files,
                training=self._training(check),
                settings=settings.model_dump(mode="json"),
                metrics={"validation": course.scores} if course.scores else {},
                versions={package: version(package) for package in PACKAGES},
                seconds=round(time.monotonic() - self.began, 1),
            )
            write_card(manifest, inside)
            write_manifest(manifest, inside)
        if self.checkpoints:
            self.checkpoints.clear()
        return Trained(self.to, manifest, tuple(course.history))

    def _training(self, check: ViewCheck) -> dict[str, JsonValue]:
        return {
            **self.learnt_from.to_json(),
            "validation_records": sum(1 for _ in self.validation),
            "entities": check.annotations,
            "lost": {**check.lost, **check.changed},
            "view": check_json(check),
            "fingerprint": self.fingerprint,
        }
