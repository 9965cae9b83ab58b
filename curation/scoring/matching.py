"""How many entities of two sides match: those with equal spans, or overlapping ones paired one to one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

Spans = tuple[tuple[int, int], ...]


def overlap(left: Spans, right: Spans) -> bool:
    """Whether any fragment of one shares a character with any fragment of the other."""
    return any(a < d and c < b for a, b in left for c, d in right)


def equal_pairs(gold: Sequence[Spans], predicted: Sequence[Spans]) -> int:
    """The number of entities whose spans both sides have, fragment by fragment."""
    return len(set(gold) & set(predicted))


def overlapping_pairs(gold: Sequence[Spans], predicted: Sequence[Spans]) -> int:
    """The largest number of overlapping pairs in which no entity is used twice.

    A maximum bipartite matching by augmenting paths (Kuhn 1955): pairing greedily can give one too
    few, because a long prediction may take the gold entity that a short one needed. Discontinuous
    entities make the graph a general one, so no sorted sweep is exact for them.
    """
    return most_pairs([[j for j, theirs in enumerate(predicted) if overlap(ours, theirs)] for ours in gold])


def most_pairs(neighbours: Sequence[Sequence[int]]) -> int:
    """The largest number of pairs in which nobody is twice, from whom each of one side may be paired with."""
    return len(paired_up(neighbours))


def paired_up(neighbours: Sequence[Sequence[int]]) -> dict[int, int]:
    """As many pairs as there can be: each of one side with its partner, earlier ones of `neighbours` preferred."""
    taken_by: dict[int, int] = {}
    for start in range(len(neighbours)):
        _augment(start, neighbours, taken_by)
    return {owner: partner for partner, owner in taken_by.items()}


def _augment(start: int, neighbours: Sequence[Sequence[int]], taken_by: dict[int, int]) -> bool:
    """Whether gold entity ``start`` found a partner; others are given other partners if need be."""
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        current = waiting.popleft()
        for partner in neighbours[current]:
            if partner in came_from:
                continue
            came_from[partner] = current
            if partner not in taken_by:
                _flip(partner, came_from, taken_by)
                return True
            waiting.append(taken_by[partner])
    return False


def _flip(partner: int | None, came_from: dict[int, int], taken_by: dict[int, int]) -> None:
    """Walk the path back to its start, which has no partner yet, moving each owner one partner on."""
    partner_of = {owner: other for other, owner in taken_by.items()}
    while partner is not None:
        owner = came_from[partner]
        taken_by[partner] = owner
        partner = partner_of.get(owner)
