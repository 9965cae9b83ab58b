"""Parts of the body that a sentence names and its translation does not, with others in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from validation.translation.passages import BeadSide, Changed
from validation.translation.senses import BODY_PARTS, SenseMention


def changed_parts(original: BeadSide, translation: BeadSide) -> Changed:
    """The parts that stand on one side only, or more often, if there are such on both sides: one became another."""
    ours, theirs = original.mentions[BODY_PARTS], translation.mentions[BODY_PARTS]
    lost, gained = _absent(ours, theirs), _absent(theirs, ours)
    fewer, more = lost or _fewer(ours, theirs), gained or _fewer(theirs, ours)
    return (fewer, more) if (lost and more) or (gained and fewer) else ([], [])


def _absent(ours: Sequence[SenseMention], theirs: Sequence[SenseMention]) -> list[SenseMention]:
    """The mentions of parts that the other side has no word for."""
    there = frozenset[str]().union(*(mention.sense.sure | mention.sense.maybe for mention in theirs))
    return [mention for mention in ours if mention.sense.sure and not mention.sense.sure & there]


def _fewer(ours: Sequence[SenseMention], theirs: Sequence[SenseMention]) -> list[SenseMention]:
    """The last mentions of parts that the other side has less often."""
    counts = Counter(part for mention in theirs for part in mention.sense.sure)
    found = []
    for mention in ours:
        for part in mention.sense.sure:
            counts[part] -= 1
        if mention.sense.sure and all(counts[part] < 0 for part in mention.sense.sure):
            found.append(mention)
    return found
