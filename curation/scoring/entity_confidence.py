"""How far the scores of predicted entities are probabilities of being strictly right, as `reliability.py` has it."""

from __future__ import annotations

from curation.record import Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.bootstrap import Array, bootstrap_interval
from curation.scoring.entities import RESAMPLING, Resampling, target_of, targets_of
from curation.scoring.means import WIDTH, mean_at, mean_interval, means
from curation.scoring.reliability import BINS, ReliabilityBin, calibration_error
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key

CONFIDENCE, BRIER = "confidence", "brier"
#: Of a bin: entities, the sum of their scores, and how many are right.
BIN_WIDTH = 3


class EntityConfidence(Frozen):
    """The expected calibration error over bins of the same width, and the Brier score; over entities with a score."""

    ece: float
    ece_interval: tuple[float, float] | None
    brier: float
    brier_interval: tuple[float, float] | None
    entities: int
    right: int
    curve: tuple[ReliabilityBin, ...]


def confidence_counts(
    gold: Layer, predicted: Layer | None, *, scheme: Scheme, everything: bool = False
) -> DocumentCounts:
    """What a document adds to the figures of `confidence_scores`."""
    expected = targets_of(gold, scheme, everything=everything)
    found: dict[Key, list[float]] = {}
    errors = []
    for entity in predicted.entities if predicted else ():
        if entity.score is not None and (everything or scheme.counts(entity)):
            is_right = bool(entity.fragments) and target_of(entity) in expected.get(entity.category, set())
            row = found.setdefault((CONFIDENCE, str(min(int(entity.score * BINS), BINS - 1))), [0.0] * BIN_WIDTH)
            row[:] = row[0] + 1, row[1] + entity.score, row[2] + is_right
            errors.append((entity.score - is_right) ** 2)
    brier = means(BRIER, {str(number): error for number, error in enumerate(errors)})
    total = {key: values for key, values in brier.items() if key[1] == TOTAL}
    return {**{key: tuple(row) for key, row in found.items()}, **total}


def confidence_scores(tally: DocumentTally, *, resampling: Resampling = RESAMPLING) -> EntityConfidence | None:
    """The figures of what was counted; None where no predicted entity has a score."""
    keys = [(CONFIDENCE, str(number)) for number in range(BINS)]
    counts = tally.table(keys, BIN_WIDTH)
    bins = counts.sum(axis=0)
    brier = mean_at(tally, (BRIER, TOTAL))
    if brier is None:
        return None
    entities = int(bins[:, 0].sum())
    squares = tally.counts((BRIER, TOTAL), WIDTH)
    return EntityConfidence(
        ece=float(calibration_error(bins[None])[0]),
        ece_interval=_interval(counts, entities, resampling),
        brier=brier,
        brier_interval=mean_interval(squares, entities, resampling),
        entities=entities,
        right=int(bins[:, 2].sum()),
        curve=tuple(
            ReliabilityBin(
                low=number / BINS,
                high=(number + 1) / BINS,
                entities=int(row[0]),
                mean_score=float(row[1] / row[0]),
                right=float(row[2] / row[0]),
            )
            for number, row in enumerate(bins)
            if row[0]
        ),
    )


def _interval(counts: Array, entities: int, resampling: Resampling) -> tuple[float, float] | None:
    if entities < resampling.minimum_records:
        return None
    return bootstrap_interval(counts, calibration_error, resamples=resampling.resamples, seed=resampling.seed)
