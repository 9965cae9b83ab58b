"""Suspected label errors: where a layer contradicts other layers of the same author, without any gold.

A small linear model learns from a sample of the layers which category a word has among its neighbours, and
then scores records that it was not trained on. A word whose given category it finds unlikely is
suspect: an omission, an invention, another category or a shifted boundary (the idea of confident learning:
Northcutt et al. 2021, with out-of-sample probabilities). Words are hashed, so that 60,000 records take minutes
on one core, where sentence embeddings of every entity would take hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.error_detection.word_features import WordFeatures, sparse, words_of
from curation.record import Layer, Record, digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

#: The label of words outside of all entities.
OUTSIDE = ""

#: Words that a model learns from at most: enough for it, and seconds of work.
LEARNED = 150_000

#: Passes over them.
EPOCHS = 6

#: No word is less likely than this, so that one surprise does not outweigh a whole record.
FLOOR = 1e-3

#: A word is counted as suspect when its given label has at most this probability and another one is likelier.
SUSPECT = 0.1


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How surprising a layer is: the sum over its words (in nats), and the runs of words that stand out."""

    surprise: float = 0.0
    stretches: int = 0


class LabelErrors:
    """Suspected errors of layers by two models, each applied only to what it was not trained on."""

    def __init__(self, taught: Sequence[tuple[Record, Layer]], *, seed: int = 0) -> None:
        pairs = sorted(taught, key=lambda pair: digest([seed, pair[0].id]))
        self._half = {record.id: number % 2 for number, (record, _) in enumerate(pairs)}
        self._features = WordFeatures()
        self._models = [self._fit([pair for pair in pairs if self._half[pair[0].id] != half], seed) for half in (0, 1)]

    def __call__(self, pairs: Sequence[tuple[Record, Layer]]) -> list[Suspicion]:
        """A suspicion for each record's layer."""
        found: dict[str, Suspicion] = {}
        for half, model in enumerate(self._models):
            asked = [pair for pair in pairs if self._half.get(pair[0].id, 0) == half]
            if model is None:
                continue
            for start in range(0, len(asked), 64):
                found |= self._ask(model, asked[start : start + 64])
        return [found.get(record.id, Suspicion()) for record, _ in pairs]

    def _fit(self, pairs: Sequence[tuple[Record, Layer]], seed: int) -> Any:
        import numpy as np
        from sklearn.linear_model import SGDClassifier

        rows: list[Any] = []
        labels: list[str] = []
        for record, layer in pairs:
            if len(labels) >= LEARNED:
                break
            spans = words_of(record.text)
            rows.append(self._features(record.text, spans))
            labels += labels_of(spans, layer)
        if len(set(labels)) < 2:
            return None
        model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=EPOCHS, tol=None, random_state=seed, average=True)
        return model.fit(sparse(np.concatenate(rows)), np.array(labels))

    def _ask(self, model: Any, pairs: Sequence[tuple[Record, Layer]]) -> dict[str, Suspicion]:
        import numpy as np

        spans = [words_of(record.text) for record, _ in pairs]
        filled = [number for number, words in enumerate(spans) if words]
        if not filled:
            return {}
        rows = [self._features(pairs[number][0].text, spans[number]) for number in filled]
        probabilities = model.predict_proba(sparse(np.concatenate(rows)))
        column = {str(label): index for index, label in enumerate(model.classes_)}
        found: dict[str, Suspicion] = {}
        start = 0
        for number in filled:
            record, layer = pairs[number]
            labels = labels_of(spans[number], layer)
            found[record.id] = _suspicion(probabilities[start : start + len(labels)], labels, column)
            start += len(labels)
        return found


def labels_of(spans: Sequence[tuple[int, int]], layer: Layer) -> list[str]:
    """The category of each word: that of the first entity that begins before it ends and reaches it."""
    labels = [OUTSIDE] * len(spans)
    starts = [start for start, _ in spans]
    for entity in layer.entities:
        for start, end in entity.spans:
            for number in _between(starts, start, end):
                labels[number] = labels[number] or entity.category
    return labels


def _between(starts: Sequence[int], start: int, end: int) -> Iterable[int]:
    from bisect import bisect_left

    return range(bisect_left(starts, start), bisect_left(starts, end))


def _suspicion(probabilities: Any, labels: Sequence[str], column: dict[str, int]) -> Suspicion:
    import numpy as np

    given = np.array([column.get(label, -1) for label in labels])
    own = np.where(given >= 0, probabilities[np.arange(len(labels)), given], 0.0)
    suspect = (own <= SUSPECT) & (probabilities.max(axis=1) > 0.5)
    begins = suspect & ~np.concatenate([[False], suspect[:-1]])
    return Suspicion(float(-np.log(np.maximum(own, FLOOR)).sum()), int(begins.sum()))
