"""Pieces of work that are measured in turn, so that what else runs on the machine touches all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

#: Does a part of a piece of work and gives how many tokens that was.
Work = Callable[[], int]


def paces(works: Mapping[str, Work], *, rounds: int) -> dict[str, list[float]]:
    """Tokens a second of the processor of each piece of work in each round; a first round only warms up."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            started = process_time()
            tokens = work()
            if number:
                found[name].append(tokens / (process_time() - started))
    return found


def ratio(found: Mapping[str, list[float]], ours: str, other: str) -> float:
    """The median over the rounds of how much faster ours is."""
    return median(a / b for a, b in zip(found[ours], found[other], strict=True))
