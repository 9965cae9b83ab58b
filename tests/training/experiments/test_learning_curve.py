"""A curve from counts: means, gains with intervals, and honest answers to how many records a score takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from curation.scoring.means import ratio
from training.experiments.learning_curve import CurvePoint, FittedCurve, fitted_curve

DOCUMENTS = 400


def point(size: int, seed: int, share: float) -> CurvePoint:
    """Of the documents so many are right, at random by the seed."""
    right = np.random.default_rng([size, seed]).permutation(DOCUMENTS) < round(share * DOCUMENTS)
    return CurvePoint(size, size, seed, np.stack([right.astype(float), np.ones(DOCUMENTS)], axis=-1), ratio)


def curve(
    sizes: Sequence[int], *, a: float = 1.2, b: float = 0.5, c: float = 0.1, seeds: int = 3, reach: Sequence[float] = ()
) -> FittedCurve:
    points = [point(size, seed, 1 - (a * size**-b + c)) for size in sizes for seed in range(seeds)]
    return fitted_curve("strict", points, reach=reach)


def test_the_number_of_records_for_a_score_is_told_with_an_interval() -> None:
    found = curve([10, 20, 40, 80], reach=[0.6, 0.8])
    there, needed = found.reached
    assert there.more == 0
    assert there.answer == "0.6 is reached with 20 records"
    assert needed.records == pytest.approx(144, rel=0.15)
    assert needed.more == pytest.approx((needed.records or 0) - 80)
    assert needed.interval is not None
    low, high = needed.interval
    assert low is not None
    assert low < 144
    assert high is None or high > 144
    assert "0.8 takes about" in needed.answer
    assert "(95 %: " in needed.answer


def test_what_the_fit_does_not_reach_is_said() -> None:
    (never,) = curve([10, 20, 40, 80, 160], reach=[0.95]).reached
    assert never.records is None
    assert never.answer.startswith("0.95 is not reachable by this fit: it ends at 0.89")
    (flat,) = curve([10, 20, 40, 80], a=0.0, c=0.4, reach=[0.8]).reached
    assert flat.answer == "0.8 is not reachable by this fit: it shows no gain by more records"
    (far,) = curve([10, 20, 40, 80], a=1.0, b=0.1, c=0.0, reach=[0.99]).reached
    assert "not reachable by this fit" in far.answer


def test_two_sizes_are_too_few_and_one_seed_has_intervals_over_documents() -> None:
    found = curve([10, 20], reach=[0.99], seeds=1)
    assert found.fit is None
    assert found.reached[0].answer == "0.99: too few sizes to fit: 2, a fit needs 3"
    assert found.as_json()["no_fit"] == "too few sizes to fit: 2, a fit needs 3"
    assert all(size.interval is not None for size in found.sizes)


def test_one_size_is_a_point_without_gains() -> None:
    found = curve([40])
    assert found.gains == ()
    assert len(found.sizes) == 1


def test_the_gain_between_two_sizes_has_its_interval() -> None:
    points = [point(size, seed, 1 - (1.2 * size**-0.5 + 0.1)) for size in (10, 20, 40, 80) for seed in range(3)]
    found = fitted_curve("strict", points, gains=[(10, 80)])
    assert [(gain.smaller, gain.larger) for gain in found.gains] == [(10, 20), (20, 40), (40, 80), (10, 80)]
    widest = found.gains[-1]
    assert widest.gain == pytest.approx(1.2 * (10**-0.5 - 80**-0.5), abs=0.01)
    assert widest.interval is not None
    assert 0 < widest.interval[0] < widest.gain < widest.interval[1]
    assert widest.surely == 1


def test_without_resamples_there_are_no_intervals() -> None:
    points = [point(size, 0, 0.5) for size in (10, 20, 40)]
    found = fitted_curve("strict", points, reach=[0.9], resampled=False)
    assert [size.interval for size in found.sizes] == [None, None, None]
    assert found.gains[0].surely is None
