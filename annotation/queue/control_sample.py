"""The control sample: drawn at random, evenly over strata, so that it represents the frame it was drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from annotation.queue.record_summary import RecordSummary

#: The stratum of a record by each property; lengths fall into thirds of all records.
STRATA: dict[str, Callable[[RecordSummary, Sequence[int]], str]] = {
    "language": lambda summary, thirds: summary.language,
    "source": lambda summary, thirds: summary.source,
    "length": lambda summary, thirds: ("short", "middle", "long")[sum(summary.words > third for third in thirds)],
    "profile": lambda summary, thirds: summary.profile,
}


def control_sample(
    frame: Sequence[RecordSummary], size: int, *, strata: Sequence[str], random: Random
) -> list[RecordSummary]:
    """So many of the records, each with the same chance, in random order.

    A systematic sample from a random start over the records sorted by stratum (at random within one): each
    stratum gets its share to within one record, and records of small strata can be drawn too.
    """
    size = min(size, len(frame))
    if not size:
        return []
    thirds = _thirds(frame)
    lots = {summary.id: random.random() for summary in sorted(frame, key=lambda summary: summary.id)}
    ordered = sorted(frame, key=lambda summary: (*(STRATA[name](summary, thirds) for name in strata), lots[summary.id]))
    step, start = len(ordered) / size, random.random()
    drawn = [ordered[min(int((number + start) * step), len(ordered) - 1)] for number in range(size)]
    random.shuffle(drawn)
    return drawn


def _thirds(frame: Sequence[RecordSummary]) -> tuple[int, int]:
    words = sorted(summary.words for summary in frame)
    return words[len(words) // 3], words[2 * len(words) // 3]
