"""Document labels of one layer against those of another: accuracy, confusion matrix, and each value's precision, recall
and F1.

Only records whose gold layer gives the label are scored. A record without a predicted value counts as wrong: it costs
accuracy and recall.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from curation.record import Frozen, Layer
from curation.scheme import DocumentLabel, Scheme
from curation.scoring.bootstrap import Array, bootstrap_interval
from curation.scoring.entities import RESAMPLING, Resampling, Score, f1
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key, in_order

#: Before the name of a label: its table, whose rows are pairs of a value of gold and a predicted one (or NO_VALUE).
LABEL = "label "
#: What stands in a confusion matrix for a record without a predicted value.
NO_VALUE = ""


class LabelScores(Frozen):
    """The scores of one document label; None where there is nothing to divide by."""

    accuracy: float | None
    #: The mean over the values that gold has.
    macro_f1: float | None
    #: Over all values together; precision only over records with a predicted value.
    micro: Score
    #: By value: those of the scheme that either side has, in its order, then any others.
    per_value: dict[str, Score]
    #: By the value of gold, how often each value was predicted; "" is no value.
    confusion: dict[str, dict[str, int]]
    #: Records whose gold gives the label.
    records: int
    #: Of these, records without a predicted value.
    missing: int
    #: Records whose gold does not give the label: not scored.
    without_gold: int
    #: 95 %, by resampling groups.
    accuracy_interval: tuple[float, float] | None = None
    macro_f1_interval: tuple[float, float] | None = None


def score_labels(
    gold: Iterable[Layer], predicted: Iterable[Layer], *, scheme: Scheme, resamples: int = 1000, seed: int = 0
) -> dict[str, LabelScores]:
    """The scores of each document label of the scheme over the records of gold, by its name."""
    guesses, tally = {layer.record_id: layer for layer in predicted}, DocumentTally()
    for layer in gold:
        tally.add(layer.record_id, label_counts(layer, guesses.get(layer.record_id), scheme=scheme))
    return label_scores(tally, scheme=scheme, resampling=Resampling(resamples=resamples, seed=seed))


def label_counts(gold: Layer, predicted: Layer | None, *, scheme: Scheme) -> DocumentCounts:
    """What a document adds to the figures of `label_scores`."""
    found: dict[Key, tuple[float, ...]] = {}
    for label in scheme.labels:
        expected = gold.labels.get(label.name)
        found[LABEL + label.name, TOTAL] = (expected is not None, expected is None)
        if expected is not None:
            given = predicted.labels.get(label.name) if predicted else None
            found[LABEL + label.name, json.dumps([expected, given or NO_VALUE])] = (1,)
    return found


def label_scores(
    tally: DocumentTally, *, scheme: Scheme, resampling: Resampling = RESAMPLING
) -> dict[str, LabelScores]:
    """The scores of what was counted, by the name of the label."""
    return {label.name: _scores(tally, label, resampling) for label in scheme.labels}


def _scores(tally: DocumentTally, label: DocumentLabel, resampling: Resampling) -> LabelScores:
    table = LABEL + label.name
    records, without_gold = tally.total((table, TOTAL), 2)
    rows = tally.rows(table)
    pairs = label_pairs(rows)
    counts = [int(tally.total((table, row), 1)[0]) for row in rows]
    golds, given, matched = Counter[str](), Counter[str](), Counter[str]()
    for (expected, predicted), count in zip(pairs, counts, strict=True):
        golds[expected] += count
        given[predicted] += count
        matched[expected] += count if expected == predicted else 0
    missing = given.pop(NO_VALUE, 0)
    values = in_order(golds.keys() | given.keys(), label.values)
    per_value = {value: _score(matched[value], golds[value], given[value]) for value in values}
    means = [score.f1 or 0.0 for score in per_value.values() if score.gold]
    scored = LabelScores(
        accuracy=matched.total() / records if records else None,
        macro_f1=sum(means) / len(means) if means else None,
        micro=_score(matched.total(), golds.total(), given.total()),
        per_value=per_value,
        confusion={value: _row(value, pairs, counts, values) for value in values if golds[value]},
        records=int(records),
        missing=missing,
        without_gold=int(without_gold),
    )
    if not records or records < resampling.minimum_records:
        return scored
    cells = tally.table([(table, row) for row in rows], 1)[:, :, 0]
    update = {
        name: bootstrap_interval(cells, value, resamples=resampling.resamples, seed=resampling.seed)
        for name, value in (
            ("accuracy_interval", lambda sums: accuracy(sums, pairs)),
            ("macro_f1_interval", lambda sums: macro_f1(sums, pairs)),
        )
    }
    return scored.model_copy(update=update)


def label_pairs(rows: Iterable[str]) -> list[tuple[str, ...]]:
    """The value of gold and the predicted one that each row of a label's table stands for."""
    return [tuple(json.loads(row)) for row in rows]


def accuracy(cells: Array, pairs: list[tuple[str, ...]]) -> Array:
    """The share of records whose value is right, from the cells of a confusion matrix in the last axis."""
    import numpy as np

    right = [expected == given for expected, given in pairs]
    total = cells.sum(axis=-1)
    return np.where(total > 0, cells[..., right].sum(axis=-1) / np.maximum(total, 1), np.nan)


def macro_f1(cells: Array, pairs: list[tuple[str, ...]]) -> Array:
    """The mean F1 over the values that gold has, from the cells of a confusion matrix in the last axis."""
    import numpy as np

    scores = []
    for value in sorted({expected for expected, _ in pairs}):
        golds = cells[..., [expected == value for expected, _ in pairs]].sum(axis=-1)
        given = cells[..., [predicted == value for _, predicted in pairs]].sum(axis=-1)
        right = cells[..., [expected == predicted == value for expected, predicted in pairs]].sum(axis=-1)
        scores.append(np.where(golds > 0, 2 * right / np.maximum(golds + given, 1), np.nan))
    stacked = np.stack(scores)
    defined = ~np.isnan(stacked)
    sums, numbers = np.where(defined, stacked, 0).sum(axis=0), defined.sum(axis=0)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)


def _row(value: str, pairs: list[tuple[str, ...]], counts: list[int], values: list[str]) -> dict[str, int]:
    of_value = {given: count for (expected, given), count in zip(pairs, counts, strict=True) if expected == value}
    return {given: of_value[given] for given in (*values, NO_VALUE) if given in of_value}


def _score(matched: int, gold: int, predicted: int) -> Score:
    return Score(
        precision=matched / predicted if predicted else None,
        recall=matched / gold if gold else None,
        f1=f1(matched, gold, predicted),
        matched=matched,
        gold=gold,
        predicted=predicted,
    )
