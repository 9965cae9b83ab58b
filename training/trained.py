"""What every trainer is given and gives back, and how an adapter of an encoder is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.file_digest import file_digest
from curation.private_files import made_private
from curation.record import canonical, digest
from curation.scheme import Scheme, write_scheme
from curation.scoring.entities import RESAMPLING, without_few
from curation.tagging.encoder import WEIGHTS
from curation.tagging.folder import COMMON_SCHEME, AdapterManifest, Task, file_digests, save_weights, write_manifest
from curation.tagging.words import Splitter
from training.card import write_card
from training.checkpoints import Checkpoints
from training.course import Course
from training.course_figures import COURSE, CourseFigures
from training.examples import Pair
from training.learnt_from import LearntFrom, again_and_again
from training.loop import OnStep
from training.settings import TrainingSettings, Tuning
from training.training_group import training_group
from training.view_check import ViewCheck, check_json

PACKAGES = ("torch", "transformers", "peft", "tokenizers", "safetensors")


#: Raised when the same training would make another adapter.
VERSION = 2
#: Settings that change how long a training takes, and not what comes out; of `questions` the file counts, not its name.
OPERATIONAL = frozenset(
    {"threads", "checkpoint_steps", "device", "gradient_checkpointing", "allow_lost", "questions", "excerpts"}
)
#: Settings that came later: at their default a training is the one that it was without them.
LATER = frozenset(
    {
        *("form", "mixing", "processes", "tuning", "virtual_tokens"),
        *("heads", "crf", "replacement", "members", "thresholds", "head_rate"),
    }
)
#: Settings that the fingerprint of this version's beginning had among LATER; it had the others at their default too.
LATER_BEFORE = frozenset({"form", "mixing", "processes", "tuning", "virtual_tokens", "thresholds", "head_rate"})
#: Ways in which a tuning was told then: `full` and `tuning`.
TOLD_BEFORE: Mapping[str, Sequence[tuple[bool, Tuning | None]]] = {
    "lora": ((False, None), (False, "lora")),
    "full": ((True, None), (False, "full"), (True, "full")),
    "prompt": ((False, "prompt"),),
    "qlora": ((False, "qlora"),),
}


def training_fingerprint(settings: TrainingSettings, content: Sequence[object]) -> str:
    """A digest of all that an adapter depends on: the settings, and what is learnt from, in the caller's words."""
    return digest([VERSION, lasting_settings(settings), *content])


def former_fingerprints(settings: TrainingSettings, content: Sequence[object]) -> tuple[str, ...]:
    """The digests that earlier versions gave to the same training: what has one of them need not be made again."""
    ways = [settings.model_copy(update={"full": full, "tuning": of}) for full, of in TOLD_BEFORE[settings.tuned]]
    return tuple(digest([VERSION, _but_default(way, LATER_BEFORE), *content]) for way in ways)


def lasting_settings(settings: TrainingSettings) -> dict[str, JsonValue]:
    """The settings that change what comes out, but for later ones at their default; a tuning is told in one way."""
    (full, tuning), *_ = TOLD_BEFORE[settings.tuned]
    return _but_default(settings.model_copy(update={"full": full, "tuning": tuning}), LATER)


def _but_default(settings: TrainingSettings, later: frozenset[str]) -> dict[str, JsonValue]:
    unset = {name for name in later if getattr(settings, name) == TrainingSettings.model_fields[name].default}
    return settings.model_dump(mode="json", exclude={*OPERATIONAL, *unset})


def changed_settings(before: Mapping[str, JsonValue], settings: TrainingSettings) -> list[str]:
    """What is other than in the settings of a manifest, in words; one that it does not name was at its default."""
    defaults = TrainingSettings().model_dump(mode="json")
    then, now = _told_once(defaults | dict(before)), _told_once(settings.model_dump(mode="json"))
    names = [name for name in defaults if name not in {*OPERATIONAL, "full"} and then[name] != now[name]]
    return [f"{name} was {canonical(then[name])}, now {canonical(now[name])}" for name in names]


def _told_once(settings: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The settings with what is tuned told by `tuning` alone."""
    return settings | {"tuning": settings["tuning"] or ("full" if settings["full"] else "lora")}


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished adapter: its folder, its manifest, and the validation score after each epoch.

    unchanged: an earlier training with the same set and settings had made it. page: where it is told of.
    """

    folder: Path
    manifest: AdapterManifest
    history: tuple[float, ...] = ()
    unchanged: bool = False
    page: Path | None = None


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
    #: What else the manifest says of the records, such as the sets that they come from.
    about: dict[str, JsonValue] = field(default_factory=dict)
    #: A figure over fewer records has no interval in the manifest.
    minimum_records: int = RESAMPLING.minimum_records
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

    def told(self, scores: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Scores as the manifest has them: without intervals over too few records."""
        return {name: without_few(value, self.minimum_records) for name, value in scores.items()}

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
        settings = self.settings
        kind = "full" if settings.tuned == "full" else "lora"

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
                kind="lora" if settings.tuned == "qlora" else settings.tuned,
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
                metrics={
                    **({"validation": self.told(course.scores)} if course.scores else {}),
                    COURSE: CourseFigures.of(course, settings).as_json(),
                },
                versions={package: version(package) for package in PACKAGES},
                seconds=round(course.spent + time.monotonic() - self.began, 1),
            )
            if self.about:
                write_scheme(self.scheme, inside / COMMON_SCHEME)
            write_card(manifest, inside)
            write_manifest(manifest, inside)
        if self.checkpoints and training_group().is_first:
            self.checkpoints.clear()
        return Trained(self.to, manifest, tuple(course.history))

    def _training(self, check: ViewCheck) -> dict[str, JsonValue]:
        return {
            **self.learnt_from.to_json(),
            **self.about,
            "validation_records": sum(1 for _ in self.validation),
            "entities": check.annotations,
            "lost": {**check.lost, **check.changed},
            "view": check_json(check),
            "fingerprint": self.fingerprint,
        }
