"""Train, validation and test, so that what belongs together is in one split."""

from __future__ import annotations

import hashlib
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


def divide(bundles: Iterable[Sequence[str]], shares: Mapping[str, float], *, seed: int) -> dict[str, str]:
    """The split of each record id: bundles in an order drawn by the seed, each to the split that lacks most.

    The same bundles, shares and seed give the same division, in whatever order the bundles come.
    """
    drawn = sorted(bundles, key=lambda ids: _draw(min(ids), seed))
    total = sum(len(ids) for ids in drawn)
    lacking = {split: shares[split] * total for split in SPLITS if shares[split] > 0}
    placed: dict[str, str] = {}
    for ids in drawn:
        split = max(lacking, key=lambda name: lacking[name])
        lacking[split] -= len(ids)
        placed |= dict.fromkeys(ids, split)
    return placed


def _draw(id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\x00{id}".encode()).hexdigest()
