"""What hangs together."""

from __future__ import annotations

from curation.sets.components import connected_components


def test_ties_join_directly_and_through_others_in_the_order_of_the_ids():
    ties = [("d", "b"), ("b", "e"), ("c", "unknown"), ("f",)]
    assert connected_components("abcdef", ties) == [["a"], ["b", "d", "e"], ["c"], ["f"]]


def test_without_ties_each_is_alone():
    assert connected_components([], []) == []
    assert connected_components("ab", []) == [["a"], ["b"]]
