"""Precision, recall and F1 of the entities of one layer against those of another.

Strict: same category and the same spans, fragment by fragment. Lenient: same category and any
overlap, each entity paired at most once (the 2018 n2c2 rules). Negated and other entities that do
not count as information (`Scheme.counts`) are left out on both sides unless asked for. An entity
given twice with the same spans is one. An entity that was never found in the text has no spans and
matches nothing: it costs precision when predicted and recall when gold, and is counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from curation.errors import UsageError
from curation.record import Entity, Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.bootstrap import bootstrap_interval
from curation.scoring.marks import f1 as array_f1
from curation.scoring.matching import Spans, equal_pairs, overlapping_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODES = ("strict", "lenient")


class Score(Frozen):
    """Counts and what follows from them; None where it is not defined (nothing to divide by)."""

    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: tuple[float, float] | None = None
    matched: int
    gold: int
    predicted: int
    #: In how many records either side has any.
    records: int = 0


class Mean(Frozen):
    """A mean of scores over so many categories or documents, where each is defined."""

    precision: float | None
    recall: float | None
    f1: float | None
    over: int


class ModeScores(Frozen):
    """The scores under one rule of matching.

    macro: mean over the categories that gold has; documents: mean over the documents in which
    gold or prediction has anything. Categories that neither side has are not listed.
    """

    micro: Score
    macro: Mean
    documents: Mean
    per_category: dict[str, Score]


class EntityScores(Frozen):
    """Strict and lenient scores over the records of gold."""

    strict: ModeScores
    lenient: ModeScores
    records: int
    #: Gold records without a predicted layer: scored as empty predictions.
    missing: int
    #: Predicted layers of records that gold does not have: not scored.
    unscored: int
    #: Entities without fragments in the text, by side.
    unplaced: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The scores as plain JSON."""
        return self.model_dump(mode="json")


def score_entities(
    gold: Iterable[Layer],
    predicted: Iterable[Layer],
    *,
    scheme: Scheme,
    everything: bool = False,
    minimum_records: int = 1,
    resamples: int = 1000,
    seed: int = 0,
) -> EntityScores:
    """Scores of the predicted layers, with 95 % bootstrap intervals of F1 over documents.

    ``everything`` also scores entities that do not count as information, such as negated ones.
    ``minimum_records``: a figure over fewer records that have any entity has no interval.
    Raises UsageError when a side has two layers of one record.
    """
    import numpy as np

    golds, guesses = _by_record(gold, "gold"), _by_record(predicted, "predicted")
    sides: dict[str, list[Layer | None]] = {
        "gold": list(golds.values()),
        "predicted": [guesses.get(record_id) for record_id in golds],
    }
    targets = {side: [_targets(layer, scheme, everything) for layer in layers] for side, layers in sides.items()}
    names = _categories(scheme, targets)
    counts = np.array(
        [
            [_counts(ours.get(name, set()), theirs.get(name, set())) for name in names]
            for ours, theirs in zip(targets["gold"], targets["predicted"], strict=True)
        ],
        dtype=np.int64,
    ).reshape(len(golds), len(names), len(MODES), 3)
    bootstrap = partial(bootstrap_interval, value=array_f1, resamples=resamples, seed=seed)

    def interval(counted: NDArray[np.int64]) -> tuple[float, float] | None:
        return bootstrap(counted.astype(np.float64)) if _records(counted) >= minimum_records else None

    modes = {mode: _mode_scores(counts[:, :, i], names, interval) for i, mode in enumerate(MODES)}
    return EntityScores(
        **modes,
        records=len(golds),
        missing=sum(layer is None for layer in sides["predicted"]),
        unscored=len(guesses.keys() - golds.keys()),
        unplaced={side: _unplaced(found) for side, found in targets.items()},
    )


def f1(matched: float, gold: float, predicted: float) -> float | None:
    """The harmonic mean of precision and recall; None when neither side has anything."""
    return 2 * matched / (gold + predicted) if gold + predicted else None


#: From counts of shape (documents, 3) to the interval of F1.
Interval = Callable[["NDArray[np.int64]"], tuple[float, float] | None]

#: An entity's spans, and its wording where it has none; by category those of one layer.
Target = tuple[Spans, str]
Targets = dict[str, set[Target]]


def _by_record(layers: Iterable[Layer], side: str) -> dict[str, Layer]:
    found: dict[str, Layer] = {}
    for layer in layers:
        if layer.record_id in found:
            raise UsageError(f"expected one {side} layer a record, got two of record {layer.record_id}")
        found[layer.record_id] = layer
    return found


def _targets(layer: Layer | None, scheme: Scheme, everything: bool) -> Targets:
    targets: Targets = {}
    for entity in layer.entities if layer else ():
        if everything or scheme.counts(entity):
            targets.setdefault(entity.category, set()).add(_target(entity))
    return targets


def _target(entity: Entity) -> Target:
    return entity.spans, "" if entity.fragments else entity.text


def _unplaced(found: Iterable[Targets]) -> int:
    return sum(not spans for targets in found for entities in targets.values() for spans, _ in entities)


def _categories(scheme: Scheme, targets: Mapping[str, Iterable[Targets]]) -> list[str]:
    """The categories that either side has: the scheme's in its order, then any others."""
    seen = {name for side in targets.values() for targets in side for name in targets}
    return [name for name in scheme.names if name in seen] + sorted(seen - set(scheme.names))


def _counts(gold: set[Target], predicted: set[Target]) -> list[tuple[int, int, int]]:
    """Matched, gold and predicted entities of one record and category, for each of MODES."""
    gold_spans = sorted(spans for spans, _ in gold if spans)
    predicted_spans = sorted(spans for spans, _ in predicted if spans)
    sizes = len(gold), len(predicted)
    return [(pairs(gold_spans, predicted_spans), *sizes) for pairs in (equal_pairs, overlapping_pairs)]


def _mode_scores(counts: NDArray[np.int64], names: list[str], interval: Interval) -> ModeScores:
    """Scores from counts of shape (documents, categories, 3)."""
    per_category = {name: _score(counts[:, i], interval) for i, name in enumerate(names)}
    documents = [_score(document) for document in counts]
    return ModeScores(
        micro=_score(counts.sum(axis=1), interval),
        macro=_mean([score for score in per_category.values() if score.gold]),
        documents=_mean([score for score in documents if score.f1 is not None]),
        per_category=per_category,
    )


def _score(counts: NDArray[np.int64], interval: Interval | None = None) -> Score:
    """The score of counts of shape (documents, 3), or (categories, 3) of one document."""
    matched, gold, predicted = (int(value) for value in counts.sum(axis=0))
    return Score(
        precision=matched / predicted if predicted else None,
        recall=matched / gold if gold else None,
        f1=f1(matched, gold, predicted),
        f1_interval=interval(counts) if interval else None,
        matched=matched,
        gold=gold,
        predicted=predicted,
        records=_records(counts),
    )


def _records(counts: NDArray[np.int64]) -> int:
    """In how many rows of counts either side has anything."""
    return int(counts[:, 1:].any(axis=1).sum())


def _mean(scores: list[Score]) -> Mean:
    """Means of what is defined: a category without predictions has recall and F1 of 0, and no precision."""

    def mean(values: list[float | None]) -> float | None:
        defined = [value for value in values if value is not None]
        return sum(defined) / len(defined) if defined else None

    return Mean(
        precision=mean([score.precision for score in scores]),
        recall=mean([score.recall for score in scores]),
        f1=mean([score.f1 for score in scores]),
        over=len(scores),
    )
