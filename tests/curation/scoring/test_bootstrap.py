"""Intervals over resampled records."""

from __future__ import annotations

import numpy as np
import pytest

from curation.scoring.bootstrap import DRAWN, bootstrap_interval, draw_ahead, draws


def share(counts):
    with np.errstate(invalid="ignore"):
        return counts[..., 0] / counts[..., 1]


def test_every_resample_has_as_many_records_and_the_same_seed_draws_the_same():
    drawn = draws(7, 50, 3)
    assert (drawn.shape, set(drawn.sum(axis=1))) == ((50, 7), {7})
    assert not np.array_equal(drawn, draws(7, 50, 4))


@pytest.mark.parametrize("resamples", [1, DRAWN - 1, DRAWN, 2 * DRAWN + 30])
def test_resamples_are_those_that_one_generator_draws_one_after_the_other(resamples):
    random, share = np.random.default_rng(3), np.full(7, 1 / 7)
    assert np.array_equal(draws(7, resamples, 3), [random.multinomial(7, share) for _ in range(resamples)])


def test_what_is_drawn_ahead_is_drawn_once(monkeypatch):
    made = []
    monkeypatch.setattr(
        np.random, "default_rng", lambda seed, make=np.random.default_rng: made.append(seed) or make(seed)
    )
    draw_ahead([11, 12, 11, 13], 40, 5)
    assert [len(draws(records, 40, 5)[0]) for records in (12, 11, 12)] == [12, 11, 12]
    assert made == [5, 5]


def test_the_interval_is_that_of_the_values_of_all_resamples():
    counts = np.array([[1, 2], [0, 1], [3, 3], [1, 4]], dtype=float)
    values = [share((row[:, None] * counts).sum(axis=0)) for row in draws(4, 230, 1).astype(float)]
    assert bootstrap_interval(counts, share, resamples=230, seed=1) == tuple(np.percentile(values, [2.5, 97.5]))


@pytest.mark.parametrize("scale", [1, 2**16, 2**40, 1.1])
def test_sums_are_exact_however_large_the_counts(scale):
    counts = np.array([[3, 7], [5, 11], [2, 3], [7, 13]], dtype=float) * scale
    values = [share((row[:, None] * counts).sum(axis=0)) for row in draws(4, 230, 1).astype(float)]
    found = bootstrap_interval(counts, share, resamples=230, seed=1)
    expected = tuple(np.percentile(values, [2.5, 97.5]))
    assert found == (pytest.approx(expected, rel=1e-15) if scale == 1.1 else expected)


def test_resamples_without_a_value_are_left_out_and_none_at_all_has_no_interval():
    assert bootstrap_interval(np.array([[1.0, 1.0], [0.0, 0.0]]), share, resamples=200, seed=0) == (1.0, 1.0)
    assert bootstrap_interval(np.zeros((3, 2)), share, resamples=20, seed=0) is None
    assert bootstrap_interval(np.zeros((0, 2)), share, resamples=20, seed=0) is None
    assert bootstrap_interval(np.ones((3, 2)), share, resamples=0, seed=0) is None
