"""Calibration of scores: how often whoever gives them is right, learned from entities that reviewers kept or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import Any, Literal

from pydantic import Field

from curation.record import Frozen, Layer

#: So many reviewed entities are needed for a temperature, and for a curve of its own (isotonic regression).
FOR_TEMPERATURE = 50
FOR_ISOTONIC = 500

#: Fewer kept or fewer changed entities than this are too few to learn from.
FEWEST_OF_A_KIND = 5


class Calibration(Frozen):
    """A mapping of scores to probabilities: its method, and the number of reviewed entities it was learned from.

    isotonic: points between which it is linear. temperature: slope and offset on the logit scale. raw: none.
    """

    kind: Literal["raw", "temperature", "isotonic"]
    learned_from: int
    points: tuple[tuple[float, float], ...] = Field((), description="Scores, rising, and their probabilities.")
    slope: float = 1.0
    offset: float = 0.0

    @property
    def is_learned(self) -> bool:
        """Whether it changes a score."""
        return self.kind != "raw"

    @property
    def words(self) -> str:
        """The method in words, for people."""
        if not self.is_learned:
            return "scores as they are: too few reviewed entities to calibrate them"
        return f"scores calibrated ({self.kind}) by {self.learned_from:,} reviewed entities"

    def read(self, scores: Sequence[float]) -> list[float]:
        """The probabilities of these scores."""
        if self.kind == "isotonic":
            import numpy as np

            known, likely = zip(*self.points, strict=True)
            return [float(value) for value in np.interp(list(scores), known, likely)]
        if self.kind == "temperature":
            return [1 / (1 + exp(-(self.slope * _logit(score) + self.offset))) for score in scores]
        return list(scores)

    def of_layer(self, layer: Layer) -> Layer:
        """The layer with calibrated scores; entities without one stay so."""
        if not self.is_learned:
            return layer
        scored = [entity.score for entity in layer.entities if entity.score is not None]
        calibrated = iter(self.read(scored))
        entities = [
            entity
            if entity.score is None
            else entity.model_copy(update={"score": round(min(1.0, max(0.0, next(calibrated))), 6)})
            for entity in layer.entities
        ]
        return layer.model_copy(update={"entities": tuple(entities)})


#: By who gives the scores (`curation.judge.judged.scored_by`).
Calibrations = Mapping[str, Calibration]


def calibrate(outcomes: Iterable[tuple[float, bool]]) -> Calibration:
    """The calibration by the number of outcomes: isotonic (Zadrozny and Elkan 2002), by temperature, or none.

    Each outcome is the score of a shown entity, and whether the reviewer kept the entity.
    """
    pairs = list(outcomes)
    right = sum(was_kept for _, was_kept in pairs)
    if len(pairs) < FOR_TEMPERATURE or min(right, len(pairs) - right) < FEWEST_OF_A_KIND:
        return Calibration(kind="raw", learned_from=len(pairs))
    if len(pairs) < FOR_ISOTONIC:
        return _temperature(pairs)
    return _isotonic(pairs)


def _isotonic(pairs: Sequence[tuple[float, bool]]) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    model: Any = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    model.fit([score for score, _ in pairs], [float(was_kept) for _, was_kept in pairs])
    points = zip(model.X_thresholds_, model.y_thresholds_, strict=True)
    return Calibration(kind="isotonic", learned_from=len(pairs), points=tuple((float(x), float(y)) for x, y in points))


def _temperature(pairs: Sequence[tuple[float, bool]]) -> Calibration:
    """Scores stretched and shifted on the logit scale (Platt 1999; a temperature with an offset)."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=10.0)
    model.fit(np.array([[_logit(score)] for score, _ in pairs]), [was_kept for _, was_kept in pairs])
    return Calibration(
        kind="temperature",
        learned_from=len(pairs),
        slope=float(model.coef_[0][0]),
        offset=float(model.intercept_[0]),
    )


def _logit(score: float) -> float:
    inside = min(max(score, 1e-3), 1 - 1e-3)
    return log(inside / (1 - inside))
