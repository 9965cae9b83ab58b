"""How a training went, as figures: for its manifest, its page and its plot."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from curation.record import Frozen
from curation.tagging.folder import AdapterManifest
from training.course import Course
from training.settings import TrainingSettings

#: What the validation measures, by the first key of its scores.
MEASURES = {
    "strict": "strict F1, micro",
    "labels": "macro F1",
    "relations": "F1 between gold entities",
    "answers": "loss of answers",
}
#: Where the figures are in a manifest's metrics.
COURSE = "course"


class CourseFigures(Frozen):
    """The mean loss and the validation's figure of each epoch, which epoch is kept, and whether it ended early."""

    measure: str = ""
    losses: tuple[float, ...] = ()
    validation: tuple[float, ...] = ()
    #: Counted from one; 0 where no validation has chosen.
    best: int = 0
    epochs: int = 0
    steps: int = 0
    patience: int = 0

    @property
    def ended_early(self) -> bool:
        """Whether the training ended since it no longer improved."""
        return bool(self.validation) and len(self.losses) < self.epochs

    @classmethod
    def of(cls, course: Course, settings: TrainingSettings) -> CourseFigures:
        """The figures of a finished training."""
        measure = next((name for name in MEASURES if name in course.scores), "")
        # What is better is higher for the loop, so that it has a loss with its sign turned.
        sign = -1 if measure == "answers" else 1
        return cls(
            measure=MEASURES.get(measure, ""),
            losses=tuple(round(loss, 6) for loss in course.losses),
            validation=tuple(round(sign * value, 6) for value in course.history),
            best=course.history.index(max(course.history)) + 1 if course.history else 0,
            epochs=settings.epochs,
            steps=course.done,
            patience=settings.patience,
        )

    @classmethod
    def in_manifest(cls, manifest: AdapterManifest) -> CourseFigures | None:
        """The figures in a manifest; None in those of before."""
        found: Any = manifest.metrics.get(COURSE)
        return cls.model_validate(found) if isinstance(found, dict) else None

    def as_json(self) -> dict[str, JsonValue]:
        """As it stands in a manifest."""
        return self.model_dump(mode="json")
