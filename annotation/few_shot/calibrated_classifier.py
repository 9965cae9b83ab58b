"""The head of few-shot annotation: a logistic regression over embeddings, with calibrated probabilities.

Calibrated by temperature (Guo et al. 2017) on held-out folds of the examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

FOLDS = 4
TEMPERATURES = tuple(float(value) for value in np.geomspace(0.25, 8.0, 26))


class CalibratedClassifier:
    """A multinomial logistic regression over vectors, with calibrated probabilities.

    `groups`: which examples come from one sentence; calibration never tests on a sentence of its training part.
    """

    def __init__(self, vectors: Matrix, labels: Sequence[str], groups: Sequence[str], *, strength: float) -> None:
        from sklearn.linear_model import LogisticRegression

        self.classes = sorted(set(labels))
        self._model: Any = LogisticRegression(C=strength, max_iter=1000, class_weight="balanced")
        truth = np.array([self.classes.index(label) for label in labels])
        threads: Any = import_module("threadpoolctl")
        # On few examples more threads only wait for each other.
        with threads.threadpool_limits(limits=1):
            self.temperature = _temperature(self._model, vectors, truth, groups)
            self._model.fit(vectors, truth)

    def __call__(self, vectors: Matrix) -> Scores:
        """A probability for each vector and class."""
        return _softmax(_logits(self._model, vectors, len(self.classes)) / self.temperature)


def _temperature(model: Any, vectors: Matrix, truth: npt.NDArray[np.int64], groups: Sequence[str]) -> float:
    """The temperature at which held-out examples are least surprising; 1 where there are too few to hold out."""
    from sklearn.base import clone
    from sklearn.model_selection import GroupKFold

    count = int(truth.max()) + 1
    held: list[tuple[Scores, npt.NDArray[np.int64]]] = []
    if len(set(groups)) < 2 * FOLDS:
        return 1.0
    for train, test in GroupKFold(n_splits=FOLDS).split(vectors, truth, groups):
        if len(set(truth[train])) > 1:
            fitted = clone(model).fit(vectors[train], truth[train])
            held.append((_logits(fitted, vectors[test], count), truth[test]))
    if not held:
        return 1.0
    logits = np.concatenate([scores for scores, _ in held])
    right = np.concatenate([labels for _, labels in held])
    return min(TEMPERATURES, key=lambda value: _surprise(logits / value, right))


def _logits(model: Any, vectors: Matrix, count: int) -> Scores:
    """One column for each of `count` classes; those that the model has not met get the lowest value of the row."""
    found = np.asarray(model.decision_function(vectors), dtype=np.float64)
    if found.ndim == 1:
        found = np.stack([-found / 2, found / 2], axis=1)
    logits = np.repeat(found.min(axis=1, keepdims=True), count, axis=1)
    logits[:, model.classes_] = found
    return logits


def _softmax(logits: Scores) -> Scores:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _surprise(logits: Scores, right: npt.NDArray[np.int64]) -> float:
    probabilities = _softmax(logits)[np.arange(len(right)), right]
    return float(-np.log(np.maximum(probabilities, 1e-12)).mean())
