"""The control sample: drawn at random, evenly over strata, so that it speaks for all that it was drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from annotation.queue.record_summary import Sketch

#: What each stratum is called of a record; lengths are told in thirds of all records.
STRATA: dict[str, Callable[[Sketch, Sequence[int]], str]] = {
    "language": lambda one, thirds: one.language,
    "source": lambda one, thirds: one.source,
    "length": lambda one, thirds: ("short", "middle", "long")[sum(one.words > third for third in thirds)],
    "profile": lambda one, thirds: one.profile,
}


def control_sample(frame: Sequence[Sketch], size: int, *, strata: Sequence[str], random: Random) -> list[Sketch]:
    """So many of the records, each with the same chance, in random order.

    A systematic sample from a random start over the records sorted by stratum (and by lot within one): each
    stratum gets its share to within one record, and no stratum is too small to be drawn.
    """
    size = min(size, len(frame))
    if not size:
        return []
    thirds = _thirds(frame)
    lots = {one.id: random.random() for one in sorted(frame, key=lambda one: one.id)}
    ordered = sorted(frame, key=lambda one: (*(STRATA[name](one, thirds) for name in strata), lots[one.id]))
    step, start = len(ordered) / size, random.random()
    drawn = [ordered[min(int((number + start) * step), len(ordered) - 1)] for number in range(size)]
    random.shuffle(drawn)
    return drawn


def _thirds(frame: Sequence[Sketch]) -> tuple[int, int]:
    words = sorted(one.words for one in frame)
    return words[len(words) // 3], words[2 * len(words) // 3]
