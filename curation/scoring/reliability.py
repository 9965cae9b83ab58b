"""How far scores are probabilities, before and after calibration: calibration error, Brier score, reliability curve.

What is learned on some records is measured on others (cross-fitted), and intervals are over records: the entities of
one are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from curation.record import Frozen, digest
from curation.scoring.bootstrap import Array, Value, bootstrap_interval
from curation.scoring.calibration import FEWEST_OF_A_KIND, FOR_TEMPERATURE, Calibration, calibrate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Bins of a calibration error.
BINS = 10
#: Parts of the records: each is measured by what was learned on the others.
FOLDS = 5

#: The score of an entity, and whether it is right.
Scored = tuple[float, bool]


class ReliabilityFigure(Frozen):
    """A figure with its 95 % interval over records."""

    value: float
    interval: tuple[float, float] | None = None


class ReliabilityBin(Frozen):
    """The entities whose scores fall between two edges."""

    low: float
    high: float
    entities: int
    mean_score: float
    right: float = Field(description="The share of them that is right.")


class Reliability(Frozen):
    """How far scores are probabilities. The expected calibration error (Naeini et al. 2015) is over bins with about as
    many entities each (fewer where scores are equal), and over bins of the same width.
    """

    ece_equal_mass: ReliabilityFigure
    ece_equal_width: ReliabilityFigure
    bins_equal_mass: int
    bins_equal_width: int
    brier: ReliabilityFigure
    curve: tuple[ReliabilityBin, ...] = Field(description="The bins of about equal mass.")


class CalibrationReport(Frozen):
    """Scores of one author, as they are and calibrated; None, with the reason, for what was not measured.

    after: each record by a calibration that was learned on other records. calibration: learned on all of them.
    """

    scored_by: str
    records: int
    entities: int
    right: int
    before: Reliability | None = None
    after: Reliability | None = None
    calibration: Calibration
    not_measured: str | None = None


def report_calibration(
    scored_by: str, outcomes: Mapping[str, Sequence[Scored]], *, resamples: int = 1000, seed: int = 0
) -> CalibrationReport:
    """The report on the outcomes of reviewed entities, by record."""
    records = {id: list(pairs) for id, pairs in outcomes.items() if pairs}
    pairs = [pair for found in records.values() for pair in found]
    right = sum(is_right for _, is_right in pairs)
    learned = calibrate(pairs)
    told = {"scored_by": scored_by, "records": len(records), "entities": len(pairs), "right": right}
    if not learned.is_learned or len(records) < FOLDS:
        why = (
            f"expected {FOR_TEMPERATURE} reviewed entities with scores at least, {FEWEST_OF_A_KIND} of them right and "
            f"{FEWEST_OF_A_KIND} wrong, on {FOLDS} records; got {len(pairs)}, {right} right, on {len(records)}"
        )
        raw = Calibration(kind="raw", learned_from=len(pairs))
        return CalibrationReport.model_validate({**told, "calibration": raw, "not_measured": why})
    fitted = _cross_fitted(records, seed)
    too_few = "after calibration: too few entities of a kind are left when a part of the records is kept for measuring"
    return CalibrationReport.model_validate(
        {
            **told,
            "before": reliability(records, resamples=resamples, seed=seed),
            "after": fitted and reliability(fitted, resamples=resamples, seed=seed),
            "calibration": learned,
            "not_measured": None if fitted else too_few,
        }
    )


def reliability(
    records: Mapping[str, Sequence[Scored]], *, bins: int = BINS, resamples: int = 1000, seed: int = 0
) -> Reliability:
    """The figures on scores as they are, over at least one record with an entity."""
    import numpy as np

    owners = np.repeat(np.arange(len(records)), [len(pairs) for pairs in records.values()])
    scores = np.array([score for pairs in records.values() for score, _ in pairs])
    right = np.array([float(is_right) for pairs in records.values() for _, is_right in pairs])
    width: Array = np.linspace(0, 1, bins + 1, dtype=np.float64)
    mass: Array = np.unique(np.quantile(scores, width)).astype(np.float64)
    parts = (owners, scores, right)
    by_mass, by_width = _counted(*parts, mass), _counted(*parts, width)
    squares = np.zeros((len(records), 2))
    np.add.at(squares, owners, np.stack([(scores - right) ** 2, np.ones_like(scores)], axis=1))

    def figure(counts: Array, value: Value) -> ReliabilityFigure:
        interval = bootstrap_interval(counts, value, resamples=resamples, seed=seed)
        return ReliabilityFigure(value=float(value(counts.sum(axis=0)[None])[0]), interval=interval)

    return Reliability(
        ece_equal_mass=figure(by_mass, calibration_error),
        ece_equal_width=figure(by_width, calibration_error),
        bins_equal_mass=by_mass.shape[1],
        bins_equal_width=int((by_width.sum(axis=0)[:, 0] > 0).sum()),
        brier=figure(squares, _mean),
        curve=tuple(_curve(by_mass.sum(axis=0), mass)),
    )


def _cross_fitted(records: Mapping[str, Sequence[Scored]], seed: int) -> dict[str, list[Scored]] | None:
    """Each record's scores by the calibration of the other parts; None where one of these cannot be learned."""
    order = sorted(records, key=lambda id: digest([seed, id]))
    fitted: dict[str, list[Scored]] = {}
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        apart = set(held)
        learned = calibrate(pair for id, pairs in records.items() if id not in apart for pair in pairs)
        if not learned.is_learned:
            return None
        for id in held:
            read = learned.read([score for score, _ in records[id]])
            fitted[id] = [(score, is_right) for score, (_, is_right) in zip(read, records[id], strict=True)]
    return fitted


def _counted(owners: NDArray[np.int64], scores: Array, right: Array, edges: Array) -> Array:
    """Entities, the sum of their scores and how many are right, shape (records, bins, 3)."""
    import numpy as np

    counts = np.zeros((int(owners.max()) + 1, max(1, len(edges) - 1), 3))
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, counts.shape[1] - 1)
    np.add.at(counts, (owners, place), np.stack([np.ones_like(scores), scores, right], axis=1))
    return counts


def calibration_error(counts: Array) -> Array:
    """The expected calibration error of counts of the shape (..., bins, 3)."""
    import numpy as np

    entities = counts[..., 0].sum(axis=-1)
    apart = np.abs(counts[..., 1] - counts[..., 2]).sum(axis=-1)
    found: Array = np.where(entities > 0, apart / np.where(entities > 0, entities, 1), np.nan)
    return found


def _mean(counts: Array) -> Array:
    found: Array = counts[..., 0] / counts[..., 1]
    return found


def _curve(counts: Array, edges: Array) -> Iterable[ReliabilityBin]:
    ends = list(edges) if len(edges) > 1 else [edges[0], edges[0]]
    for number, (entities, scores, right) in enumerate(counts):
        if entities:
            yield ReliabilityBin(
                low=float(ends[number]),
                high=float(ends[number + 1]),
                entities=int(entities),
                mean_score=float(scores / entities),
                right=float(right / entities),
            )
