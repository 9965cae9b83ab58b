"""Train, validation and test, so that what belongs together is in one split."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curation.record import normal_group
from curation.sets.components import connected_components

#: In order: where records go first when shares tie.
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Member:
    """The keys of a record that the split depends on."""

    id: str
    group: str
    translation_of: str | None = None


def tie_together(members: Sequence[Member], clusters: Iterable[Sequence[str]] = ()) -> list[list[str]]:
    """The record ids in bundles that must not be divided.

    A bundle holds all records of a group, a record with its translations, and the records of a
    near-duplicate cluster, and whatever hangs together through any of these.
    """
    by_group: dict[str, list[str]] = {}
    siblings: dict[str, list[str]] = {}
    for member in members:
        by_group.setdefault(normal_group(member.group), []).append(member.id)
        # Two translations of one original belong together even where the original is not selected.
        for original in {member.id, member.translation_of or member.id}:
            siblings.setdefault(original, []).append(member.id)
    ties = (*by_group.values(), *siblings.values(), *clusters)
    return [sorted(ids) for ids in connected_components((member.id for member in members), ties)]


def divide(
    bundles: Iterable[Sequence[str]],
    shares: Mapping[str, float],
    *,
    seed: int,
    strata: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The split of each record id: bundles in an order drawn by the seed, each to the split that lacks most.

    strata: the stratum of each record; each split then gets about its share of each. The same bundles, shares, seed
    and strata give the same division, in whatever order the bundles come.
    """
    drawn = sorted(bundles, key=lambda ids: _draw(min(ids), seed))
    if strata:
        return _in_turn(sorted(drawn, key=lambda ids: _stratum(ids, strata)), shares)
    total = sum(len(ids) for ids in drawn)
    lacking = {split: shares[split] * total for split in SPLITS if shares[split] > 0}
    placed: dict[str, str] = {}
    for ids in drawn:
        split = max(lacking, key=lambda name: lacking[name])
        lacking[split] -= len(ids)
        placed |= dict.fromkeys(ids, split)
    return placed


def _in_turn(ordered: Sequence[Sequence[str]], shares: Mapping[str, float]) -> dict[str, str]:
    """The split of each record id: every stretch of the order is divided by the shares (systematic sampling)."""
    lacking = {split: 0.0 for split in SPLITS if shares[split] > 0}
    placed: dict[str, str] = {}
    for ids in ordered:
        for name in lacking:
            lacking[name] += shares[name] * len(ids)
        split = max(lacking, key=lambda name: lacking[name])
        lacking[split] -= len(ids)
        placed |= dict.fromkeys(ids, split)
    return placed


def _stratum(ids: Sequence[str], strata: Mapping[str, str]) -> str:
    """The stratum of most of a bundle's records, of several the first by name."""
    counts = Counter(strata[id] for id in ids)
    return min(counts, key=lambda name: (-counts[name], name))


def _draw(id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\x00{id}".encode()).hexdigest()
