"""Sums by group, whose memory is bounded."""

from __future__ import annotations

import numpy as np

from curation.scoring.tally import TOTAL, DocumentTally, in_order


def test_counts_of_a_group_add_up_and_figures_stand_apart() -> None:
    tally = DocumentTally()
    tally.add("p1", {("strict", "age"): (1, 2, 3), ("strict", TOTAL): (1, 2, 3)})
    tally.add("p2", {})
    tally.add("p1", {("strict", "age"): (1, 1, 1), ("token", "age"): (5, 5, 5)})
    assert (tally.documents, tally.groups) == (3, 2)
    assert tally.rows("strict") == ["age"]
    assert tally.tables() == ["strict", "token"]
    assert tally.total(("strict", "age"), 3) == [2, 3, 4]
    assert tally.counts(("strict", "age"), 3).tolist() == [[2, 3, 4], [0, 0, 0]]
    assert tally.total(("nothing", "age"), 3) == [0, 0, 0]


def test_more_groups_than_are_resampled_share_blocks_and_lose_nothing() -> None:
    tally = DocumentTally(most_blocks=10)
    for number in range(1_000):
        tally.add(f"p{number}", {("strict", TOTAL): (1.0, 2.0)})
    counts = tally.counts(("strict", TOTAL), 2)
    assert counts.shape == (10, 2)
    assert counts.sum(axis=0).tolist() == [1_000, 2_000]
    assert np.all(counts[:, 0] > 60)


def test_rows_stand_in_the_order_of_the_scheme_and_others_after_them() -> None:
    assert in_order(["z", "b", "a"], ["a", "b", "c"]) == ["a", "b", "z"]
