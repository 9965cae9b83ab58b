"""Intervals over resampled records."""

from __future__ import annotations

import numpy as np

from curation.scoring.bootstrap import bootstrap_interval, draws


def share(counts):
    with np.errstate(invalid="ignore"):
        return counts[..., 0] / counts[..., 1]


def test_every_resample_has_as_many_records_and_the_same_seed_draws_the_same():
    drawn = draws(7, 50, 3)
    assert (drawn.shape, set(drawn.sum(axis=1))) == ((50, 7), {7})
    assert np.array_equal(drawn, draws.__wrapped__(7, 50, 3))
    assert not np.array_equal(drawn, draws(7, 50, 4))


def test_the_interval_is_that_of_the_values_of_all_resamples():
    counts = np.array([[1, 2], [0, 1], [3, 3], [1, 4]], dtype=float)
    values = [share((row[:, None] * counts).sum(axis=0)) for row in draws(4, 230, 1).astype(float)]
    assert bootstrap_interval(counts, share, resamples=230, seed=1) == tuple(np.percentile(values, [2.5, 97.5]))


def test_resamples_without_a_value_are_left_out_and_none_at_all_has_no_interval():
    assert bootstrap_interval(np.array([[1.0, 1.0], [0.0, 0.0]]), share, resamples=200, seed=0) == (1.0, 1.0)
    assert bootstrap_interval(np.zeros((3, 2)), share, resamples=20, seed=0) is None
    assert bootstrap_interval(np.zeros((0, 2)), share, resamples=20, seed=0) is None
    assert bootstrap_interval(np.ones((3, 2)), share, resamples=0, seed=0) is None
