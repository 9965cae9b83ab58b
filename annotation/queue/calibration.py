"""Calibration of an annotator's scores: how often it is right, learned from the entities that reviewers kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: So many reviewed entities are needed for a temperature, and for a curve of its own (isotonic regression).
FOR_TEMPERATURE = 50
FOR_ISOTONIC = 500

#: Fewer kept or fewer changed entities than this are too few to learn from.
FEWEST_OF_A_KIND = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A mapping of scores to probabilities: its method, and the number of reviewed entities it was learned from."""

    kind: str
    learned_from: int
    read: Callable[[Sequence[float]], list[float]]

    @property
    def words(self) -> str:
        """The method in words, for people."""
        if self.kind == "raw":
            return "scores as they are: too few reviewed entities to calibrate them"
        return f"scores calibrated ({self.kind}) by {self.learned_from:,} reviewed entities"


def calibrate(outcomes: Iterable[tuple[float, bool]]) -> Calibration:
    """The calibration by the number of outcomes: isotonic (Zadrozny and Elkan 2002), by temperature, or none.

    Each outcome is the score of a shown entity, and whether the reviewer kept the entity.
    """
    pairs = list(outcomes)
    right = sum(was_kept for _, was_kept in pairs)
    if len(pairs) < FOR_TEMPERATURE or min(right, len(pairs) - right) < FEWEST_OF_A_KIND:
        return Calibration("raw", len(pairs), list)
    if len(pairs) < FOR_ISOTONIC:
        return Calibration("temperature", len(pairs), _temperature(pairs))
    return Calibration("isotonic", len(pairs), _isotonic(pairs))


def _isotonic(pairs: Sequence[tuple[float, bool]]) -> Callable[[Sequence[float]], list[float]]:
    from sklearn.isotonic import IsotonicRegression

    model: Any = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    model.fit([score for score, _ in pairs], [float(was_kept) for _, was_kept in pairs])
    return lambda scores: [float(value) for value in model.predict(list(scores))] if scores else []


def _temperature(pairs: Sequence[tuple[float, bool]]) -> Callable[[Sequence[float]], list[float]]:
    """Scores stretched and shifted on the logit scale (Platt 1999; a temperature with an offset)."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=10.0)
    model.fit(np.array([[_logit(score)] for score, _ in pairs]), [was_kept for _, was_kept in pairs])

    def read(scores: Sequence[float]) -> list[float]:
        if not scores:
            return []
        found = model.predict_proba(np.array([[_logit(score)] for score in scores]))
        return [float(value) for value in found[:, 1]]

    return read


def _logit(score: float) -> float:
    from math import log

    inside = min(max(score, 1e-3), 1 - 1e-3)
    return log(inside / (1 - inside))
