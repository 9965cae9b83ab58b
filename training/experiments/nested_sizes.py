"""Sizes of a training set inside each other: each contains the smaller one, as like the whole as it can be.

Bundles (a patient's records, a record with its translation, near-duplicates) are never cut. For document labels the
records of each combination of values are spread evenly over the order (systematic sampling), so that every size has
each value's share to within one bundle. For entities, which have no such classes, the next bundle is the best of a few
drawn at random: the one that brings the shares of languages and categories nearest to those of the whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

#: Bundles of which the best is taken: more keep the shares better, and make two draws more alike.
DRAWN = 8


@dataclass(frozen=True, slots=True)
class Features:
    """What a record counts as: its class, where there are classes, and all that it has of what may be there."""

    stratum: str = ""
    has: frozenset[str] = frozenset()


def nested_order(
    bundles: Sequence[Sequence[str]], features: Mapping[str, Features], *, seed: int, by_class: bool
) -> list[Sequence[str]]:
    """The bundles in an order of which every beginning is like the whole; by_class: by the class of their records."""
    random = Random(seed)
    drawn = sorted(bundles, key=min)
    random.shuffle(drawn)
    return _spread(drawn, features, random) if by_class else _best_of_few(drawn, features)


def nested_sizes(ordered: Sequence[Sequence[str]], sizes: Sequence[int]) -> dict[int, list[str]]:
    """By size, the ids of the shortest beginning of the order that has so many records, or all of them."""
    ends: list[int] = []
    for bundle in ordered:
        ends.append(len(bundle) + (ends[-1] if ends else 0))
    return {size: [id for bundle in ordered[: bisect_left(ends, size) + 1] for id in bundle] for size in sorted(sizes)}


def _spread(drawn: Sequence[Sequence[str]], features: Mapping[str, Features], random: Random) -> list[Sequence[str]]:
    """Each class at even distances, from a random beginning."""
    classes: dict[str, list[Sequence[str]]] = {}
    for bundle in drawn:
        counts = Counter(features[id].stratum for id in bundle)
        classes.setdefault(min(counts, key=lambda name: (-counts[name], name)), []).append(bundle)
    placed: list[tuple[float, int, Sequence[str]]] = []
    for members in classes.values():
        begin = random.random()
        for number, bundle in enumerate(members):
            placed.append(((number + begin) / len(members), len(placed), bundle))
    return [bundle for _, _, bundle in sorted(placed)]


def _best_of_few(drawn: Sequence[Sequence[str]], features: Mapping[str, Features]) -> list[Sequence[str]]:
    counts = [Counter(name for id in bundle for name in features[id].has) for bundle in drawn]
    whole = sum(counts, Counter[str]())
    records = sum(map(len, drawn))
    share = {name: count / records for name, count in whole.items()}
    left, ordered = list(range(len(drawn))), list[Sequence[str]]()
    so_far, size = Counter[str](), 0

    def distance(number: int) -> float:
        """How far the shares would be from those of the whole; of what is rare, as far as of what is common."""
        total = size + len(drawn[number])
        return sum(
            (so_far[name] + counts[number][name] - wanted * total) ** 2 / wanted for name, wanted in share.items()
        )

    while left:
        best = min(left[:DRAWN], key=distance)
        left.remove(best)
        ordered.append(drawn[best])
        so_far += counts[best]
        size += len(drawn[best])
    return ordered
