"""Exact intervals from random samples."""

from __future__ import annotations

from math import comb
from random import Random

import pytest

from curation.scoring.intervals import clopper_pearson, hypergeometric_interval


def test_the_interval_is_that_of_exact_fractions():
    """Every total outside of the interval makes the sample surprising, every one inside does not."""
    for bad, sample, population in ((0, 20, 100), (3, 20, 100), (20, 20, 100), (7, 60, 1000), (0, 5, 5)):
        low, high = hypergeometric_interval(bad, sample, population)
        for total in range(bad, population - sample + bad + 1):
            ways = [comb(total, k) * comb(population - total, sample - k) for k in range(sample + 1)]
            above = sum(ways[bad:]) / comb(population, sample)
            below = sum(ways[: bad + 1]) / comb(population, sample)
            assert (low <= total <= high) == (above > 0.025 and below > 0.025), (bad, sample, population, total)


@pytest.mark.parametrize(("bad", "sample", "expected"), [(0, 20, (0.0, 0.1684)), (1, 10, (0.0025, 0.4450))])
def test_known_intervals_of_clopper_and_pearson(bad, sample, expected):
    assert clopper_pearson(bad, sample) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_the_interval_covers_the_truth_as_often_as_it_says(share):
    random = Random(1)
    truth = round(300 * share)
    population = [number < truth for number in range(300)]
    covered = 0
    for _ in range(200):
        low, high = hypergeometric_interval(sum(random.sample(population, 40)), 40, 300)
        covered += low <= truth <= high
    assert covered >= 186  # of 200; 95 % or more are promised, less than 93 % would be a surprise


def test_a_census_leaves_no_doubt():
    assert hypergeometric_interval(3, 50, 50) == (3, 3)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="expected 0 <= bad"):
        hypergeometric_interval(5, 4, 10)
