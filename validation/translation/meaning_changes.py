"""Sides, parts of the body and denials that are others in a translation, sentence beside sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curation.text.folding import Span
from validation.translation.body_parts import changed_parts
from validation.translation.denials import changed_denials
from validation.translation.passages import BeadSide, Changed, Mentions, passages
from validation.translation.senses import BODY_PARTS, NEGATION, SIDES, SenseMention, mentions_of
from validation.translation.sentences import SentenceComparison
from validation.translation.sides import changed_sides

COMPARISONS: Mapping[str, Callable[[BeadSide, BeadSide], Changed]] = {
    SIDES: changed_sides,
    BODY_PARTS: changed_parts,
    NEGATION: changed_denials,
}


@dataclass(frozen=True, slots=True)
class MeaningChanges:
    """What of one kind is another: how often, and where in each text; the whole passage where a text lacks it."""

    count: int
    original: tuple[Span, ...]
    translation: tuple[Span, ...]


def all_mentions(text: str, language: str) -> Mentions:
    """What a text mentions, by kind."""
    return {kind: mentions_of(text, language, kind) for kind in COMPARISONS}


def changes(found: SentenceComparison, original: Mentions, translation: Mentions) -> dict[str, MeaningChanges]:
    """By kind, what differs between sentences that were put beside each other; nothing is looked for in others.

    What one passage lacks and the next one has more of has moved.
    """
    pairs = list(passages(found, original, translation))
    return {
        kind: _summed(pairs, [compare(*pair) if pair else ([], []) for pair in pairs])
        for kind, compare in COMPARISONS.items()
    }


def _summed(pairs: Sequence[tuple[BeadSide, BeadSide] | None], differences: Sequence[Changed]) -> MeaningChanges:
    count = 0
    ours: list[Span] = []
    theirs: list[Span] = []
    for number, pair in enumerate(pairs):
        lost, gained = _without_moved(differences, number)
        if pair and (lost or gained):
            count += max(len(lost), len(gained))
            ours += _places(lost, pair[0])
            theirs += _places(gained, pair[1])
    return MeaningChanges(count, tuple(ours), tuple(theirs))


def _without_moved(differences: Sequence[Changed], number: int) -> Changed:
    """What a passage lost and gained, without what the one before or after it gained or lost."""
    near = [differences[other] for other in (number - 1, number + 1) if 0 <= other < len(differences)]
    lost, gained = differences[number]
    near_lost = [mention for mentions, _ in near for mention in mentions]
    near_gained = [mention for _, mentions in near for mention in mentions]
    return (
        [mention for mention in lost if not _is_among(mention, near_gained)],
        [mention for mention in gained if not _is_among(mention, near_lost)],
    )


def _is_among(mention: SenseMention, others: Sequence[SenseMention]) -> bool:
    return any(mention.sense.sure & other.sense.sure for other in others)


def _places(mentions: Sequence[SenseMention], passage: BeadSide) -> list[Span]:
    return [(mention.start, mention.end) for mention in mentions] or [(passage.start, passage.end)]
