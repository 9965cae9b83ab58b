"""Document labels of one layer against those of another: accuracy, and precision, recall and F1 of each value.

Only records whose gold layer gives the label are scored. A record without a predicted value counts as wrong: it costs
accuracy and recall.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from curation.record import Frozen, Layer
from curation.scheme import DocumentLabel, Scheme
from curation.scoring.entities import Score, f1


class LabelScores(Frozen):
    """The scores of one document label; None where there is nothing to divide by."""

    accuracy: float | None
    #: The mean over the values that gold has.
    macro_f1: float | None
    #: By value: those of the scheme that either side has, in its order, then any others.
    per_value: dict[str, Score]
    #: Records whose gold gives the label.
    records: int
    #: Of these, records without a predicted value.
    missing: int
    #: Records whose gold does not give the label: not scored.
    without_gold: int


def score_labels(gold: Iterable[Layer], predicted: Iterable[Layer], *, scheme: Scheme) -> dict[str, LabelScores]:
    """The scores of each document label of the scheme over the records of gold, by its name."""
    guesses = {layer.record_id: layer.labels for layer in predicted}
    pairs = [(layer.labels, guesses.get(layer.record_id, {})) for layer in gold]
    return {
        label.name: _scores(label, [(expected.get(label.name), given.get(label.name)) for expected, given in pairs])
        for label in scheme.labels
    }


def _scores(label: DocumentLabel, pairs: list[tuple[str | None, str | None]]) -> LabelScores:
    scored = [(expected, given) for expected, given in pairs if expected is not None]
    golds = Counter(expected for expected, _ in scored)
    given = Counter(given for _, given in scored if given is not None)
    matched = Counter(expected for expected, given in scored if expected == given)
    seen = golds.keys() | given.keys()
    values = [value for value in label.values if value in seen] + sorted(seen - set(label.values))
    per_value = {value: _score(matched[value], golds[value], given[value]) for value in values}
    means = [score.f1 or 0.0 for score in per_value.values() if score.gold]
    return LabelScores(
        accuracy=matched.total() / len(scored) if scored else None,
        macro_f1=sum(means) / len(means) if means else None,
        per_value=per_value,
        records=len(scored),
        missing=sum(given is None for _, given in scored),
        without_gold=len(pairs) - len(scored),
    )


def _score(matched: int, gold: int, predicted: int) -> Score:
    return Score(
        precision=matched / predicted if predicted else None,
        recall=matched / gold if gold else None,
        f1=f1(matched, gold, predicted),
        matched=matched,
        gold=gold,
        predicted=predicted,
    )
