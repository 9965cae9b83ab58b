"""Each size contains the smaller ones, cuts no bundle, and is like the whole."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.experiments.nested_sizes import Features, nested_order, nested_sizes

CLASSES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=60)


def order(bundles: list[list[str]], features: dict[str, Features], seed: int, *, by_class: bool) -> list[list[str]]:
    return [list(bundle) for bundle in nested_order(bundles, features, seed=seed, by_class=by_class)]


@given(bundles=st.lists(st.integers(1, 4), min_size=1, max_size=30), seed=st.integers(0, 3), by_class=st.booleans())
def test_sizes_lie_inside_each_other_and_cut_no_bundle(bundles: list[int], seed: int, by_class: bool) -> None:
    groups = [[f"{number:02d}-{part}" for part in range(size)] for number, size in enumerate(bundles)]
    features = {id: Features(id[-1], frozenset({id[0], id[-1]})) for group in groups for id in group}
    records = sum(bundles)
    sizes = sorted({1, max(1, records // 3), max(1, records // 2), records})
    ordered = order(groups, features, seed, by_class=by_class)
    assert sorted(ordered) == sorted(groups)
    parts = nested_sizes(ordered, sizes)
    last: set[str] = set()
    for size in sizes:
        part = set(parts[size])
        assert last <= part
        assert size <= len(part) < size + max(bundles), "the shortest beginning that has so many"
        assert all(part.isdisjoint(group) or part.issuperset(group) for group in groups)
        last = part
    assert len(parts[records]) == records


@given(classes=CLASSES, seed=st.integers(0, 5))
def test_every_size_has_each_class_to_within_one_record(classes: list[str], seed: int) -> None:
    ids = [f"r{number:02d}" for number in range(len(classes))]
    features = {id: Features(name) for id, name in zip(ids, classes, strict=True)}
    ordered = order([[id] for id in ids], features, seed, by_class=True)
    whole = Counter(classes)
    for size in range(1, len(ids) + 1):
        part = Counter(features[id].stratum for id in nested_sizes(ordered, [size])[size])
        for name, count in whole.items():
            # Which classes share the rest is open: at most one record for each of them.
            assert abs(part[name] - count * size / len(ids)) <= len(whole)


def test_categories_keep_their_shares_better_than_by_chance() -> None:
    rare, common = frozenset({"rare", "common"}), frozenset({"common"})
    ids = [f"r{number:03d}" for number in range(120)]
    features = {id: Features(has=rare if number % 6 == 0 else common) for number, id in enumerate(ids)}
    bundles = [[id] for id in ids]
    for seed in range(5):
        ordered = order(bundles, features, seed, by_class=False)
        for size in (12, 24, 60):
            found = sum("rare" in features[bundle[0]].has for bundle in ordered[:size])
            assert abs(found - size / 6) <= 2


@pytest.mark.parametrize("by_class", [True, False])
def test_the_same_seed_draws_the_same_and_another_one_others(by_class: bool) -> None:
    bundles = [[f"r{number:02d}"] for number in range(40)]
    features = {bundle[0]: Features("x", frozenset({"x"})) for bundle in bundles}
    first = order(bundles, features, 0, by_class=by_class)
    assert first == order(bundles[::-1], features, 0, by_class=by_class), "whatever the order that they come in"
    second = order(bundles, features, 1, by_class=by_class)
    assert set(map(tuple, first[:10])) != set(map(tuple, second[:10]))
