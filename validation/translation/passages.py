"""Sentences of a text and those of its translation that are like enough to be compared word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from validation.translation.senses import SenseMention
from validation.translation.sentences import SentenceComparison, SentenceEvidence

#: The share of the evidence of two passages that both must have, by the one with less.
ALIKE = 0.1

#: What a text mentions, by kind, from left to right.
Mentions = Mapping[str, Sequence[SenseMention]]
#: What one side mentions and the other does not: of the original, and of the translation.
Changed = tuple[list[SenseMention], list[SenseMention]]


@dataclass(frozen=True, slots=True)
class BeadSide:
    """Sentences in a row, and what they mention, by kind."""

    text: str
    language: str
    start: int
    end: int
    mentions: Mentions


def passages(
    found: SentenceComparison, original: Mentions, translation: Mentions
) -> Iterator[tuple[BeadSide, BeadSide] | None]:
    """The two sides of each bead, in order; None of those that say too different things, or nothing on one side."""
    for bead in found.beads:
        if bead.original and bead.translation and _alike(found, bead.original, bead.translation):
            yield (
                _passage(found.original, bead.original, original),
                _passage(found.translation, bead.translation, translation),
            )
        else:
            yield None


def _alike(found: SentenceComparison, ours: range, theirs: range) -> bool:
    left = frozenset[str]().union(*(found.original.side.keys[sentence] for sentence in ours))
    right = frozenset[str]().union(*(found.translation.side.keys[sentence] for sentence in theirs))
    return len(left & right) >= ALIKE * min(len(left), len(right))


def _passage(side: SentenceEvidence, sentences: range, mentions: Mentions) -> BeadSide:
    start, end = side.spans[sentences[0]][0], side.spans[sentences[-1]][1]
    inside = {
        kind: [mention for mention in several if start <= mention.start < end] for kind, several in mentions.items()
    }
    return BeadSide(side.text, side.language, start, end, inside)
