"""A learning curve from its cells: the mean at each size, what more records bring, and how many a score would take.

Intervals are percentile bootstraps that draw seeds and test documents (by patient) anew, the same ones at all sizes:
with one seed they are over documents alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import JsonValue

from curation.scoring.bootstrap import Array, Value, draws
from training.experiments.power_law import FARTHEST, FOR_A_FLOOR, LEAST, PowerLaw, fit_many

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One cell of a curve: how many records it learnt from, what its figure rests on by group of documents, and how
    that is made of it; the groups of all cells are the same, in the same order."""

    asked: int
    records: int
    seed: int
    counts: Array
    value: Value


@dataclass(frozen=True, slots=True)
class SizeMean:
    """The mean over the seeds at a size."""

    asked: int
    records: float
    seeds: int
    mean: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class SizeGain:
    """What the records between two sizes bring, and the share of resamples in which they bring anything."""

    smaller: int
    larger: int
    gain: float
    interval: tuple[float, float] | None
    surely: float | None


@dataclass(frozen=True, slots=True)
class ReachedScore:
    """How many records a score takes by the fit; None: not told, and why."""

    score: float
    records: float | None
    more: float | None
    #: An end that is None is not reachable by the fits of those resamples.
    interval: tuple[float | None, float | None] | None
    answer: str


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """The curve, its fit where there is one (else why not), and the answers."""

    figure: str
    sizes: tuple[SizeMean, ...]
    gains: tuple[SizeGain, ...]
    fit: PowerLaw | None
    no_fit: str | None
    reached: tuple[ReachedScore, ...]
    seeds: int

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts."""
        return {
            "figure": self.figure,
            "seeds": self.seeds,
            "sizes": [_plain(size) for size in self.sizes],
            "gains": [_plain(gain) for gain in self.gains],
            "fit": _plain(self.fit) if self.fit else None,
            "no_fit": self.no_fit,
            "reach": [_plain(reached) for reached in self.reached],
        }


def _plain(found: Any) -> dict[str, JsonValue]:
    values = {name: getattr(found, name) for name in found.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def fitted_curve(
    figure: str,
    points: Sequence[CurvePoint],
    *,
    reach: Sequence[float] = (),
    gains: Sequence[tuple[int, int]] = (),
    resampled: bool = True,
) -> FittedCurve:
    """The curve of points that all seeds have at each of their sizes.

    gains: pairs of sizes, besides those of neighbours; resampled: without it no intervals, for too few documents.
    """
    import numpy as np

    asked = sorted({point.asked for point in points})
    seeds = sorted({point.seed for point in points})
    by_place = {(point.seed, point.asked): point for point in points}
    records = np.array([np.mean([by_place[seed, size].records for seed in seeds]) for size in asked])
    # Seeds, sizes: as measured; and resamples of it.
    grid = np.array([[_measured(by_place[seed, size]) for size in asked] for seed in seeds])
    means = grid.mean(axis=0)
    drawn = _resampled(by_place, seeds, asked) if resampled else np.empty((0, len(asked)))
    sizes = tuple(
        SizeMean(size, float(records[at]), len(seeds), float(means[at]), _interval(drawn[:, at]))
        for at, size in enumerate(asked)
    )
    pairs = dict.fromkeys((*pairwise(asked), *gains))
    laws = fit_many(records, np.clip(1 - means, 0, None)[None])
    law = laws[0] if laws else None
    no_fit = None if law else f"too few sizes to fit: {len(set(records.tolist()))}, a fit needs {LEAST}"
    resampled_laws = fit_many(records, np.clip(1 - drawn, 0, None)) if law else []
    return FittedCurve(
        figure=figure,
        sizes=sizes,
        gains=tuple(_gain(asked, means, drawn, *pair) for pair in pairs),
        fit=law,
        no_fit=no_fit,
        reached=tuple(_reached(score, sizes, law, no_fit, resampled_laws) for score in reach),
        seeds=len(seeds),
    )


def _measured(point: CurvePoint) -> float:
    return float(point.value(point.counts.sum(axis=0)))


def _resampled(by_place: Mapping[tuple[int, int], CurvePoint], seeds: Sequence[int], asked: Sequence[int]) -> Array:
    """The mean at each size in each resample in which all are defined, shape (resamples, sizes)."""
    import numpy as np

    groups = len(by_place[seeds[0], asked[0]].counts)
    weights = draws(groups, RESAMPLES, 0).astype(np.float64)
    cells = np.empty((RESAMPLES, len(seeds), len(asked)))
    for row, seed in enumerate(seeds):
        for column, size in enumerate(asked):
            point = by_place[seed, size]
            counts = point.counts
            sums = (weights @ counts.reshape(groups, -1)).reshape(RESAMPLES, *counts.shape[1:])
            cells[:, row, column] = point.value(sums)
    chosen = np.random.default_rng(1).integers(0, len(seeds), size=(RESAMPLES, len(seeds)))
    means: Array = np.take_along_axis(cells, chosen[:, :, None], axis=1).mean(axis=1)
    return means[~np.isnan(means).any(axis=1)]


def _interval(values: Array) -> tuple[float, float] | None:
    import numpy as np

    if not len(values):
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _gain(asked: Sequence[int], means: Array, drawn: Array, smaller: int, larger: int) -> SizeGain:
    first, last = asked.index(smaller), asked.index(larger)
    change = drawn[:, last] - drawn[:, first]
    return SizeGain(
        smaller,
        larger,
        float(means[last] - means[first]),
        _interval(change),
        float((change > 0).mean()) if len(change) else None,
    )


def _reached(
    score: float, sizes: Sequence[SizeMean], law: PowerLaw | None, no_fit: str | None, resampled: Sequence[PowerLaw]
) -> ReachedScore:
    largest = sizes[-1].records
    if (there := next((size for size in sizes if size.mean >= score), None)) is not None:
        return ReachedScore(score, there.records, 0.0, None, f"{score:g} is reached with {there.records:,.0f} records")
    if law is None:
        return ReachedScore(score, None, None, None, f"{score:g}: {no_fit}")
    needed = law.size_for(score)
    if needed is None:
        best = f"it ends at {1 - law.c:.3f}" if law.falls else "it shows no gain by more records"
        return ReachedScore(score, None, None, None, f"{score:g} is not reachable by this fit: {best}")
    if needed > FARTHEST * largest:
        answer = f"{score:g} is not reachable by this fit: it lies beyond {FARTHEST} times the largest size"
        return ReachedScore(score, None, None, None, answer)
    interval = _ends(score, resampled, FARTHEST * largest)
    more = max(0.0, needed - largest)
    answer = f"{score:g} takes about {needed:,.0f} records by the fit, {more:,.0f} more than the largest size"
    if interval is not None:
        low, high = ("not reachable" if end is None else f"{end:,.0f}" for end in interval)
        answer += f" (95 %: {low} to {high})"
    if needed > 4 * largest:
        answer += f"; that is {needed / largest:.0f} times the largest size, read it with care"
    return ReachedScore(score, needed, more, interval, answer)


def _ends(score: float, resampled: Sequence[PowerLaw], farthest: float) -> tuple[float | None, float | None] | None:
    """The middle 95 % of the sizes for a score; those beyond what is told are the largest of all."""
    if not resampled:
        return None
    found = sorted(size if (size := law.size_for(score)) else float("inf") for law in resampled)
    low, high = (found[round(share * (len(found) - 1))] for share in (0.025, 0.975))
    return (low if low <= farthest else None), (high if high <= farthest else None)


def floor_note(curve: FittedCurve) -> str | None:
    """What a reader has to know of the fit."""
    if curve.fit is None:
        return None
    few = len(curve.sizes) < FOR_A_FLOOR
    return f"With fewer than {FOR_A_FLOOR} sizes no floor of the error is fitted." if few else None
