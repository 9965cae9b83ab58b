"""Left, right and both in a sentence and in its translation: another side, or the side of another part of the body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from curation.text.folding import lower_case
from curation.text.function_words import function_words
from validation.translation.passages import BeadSide, Changed
from validation.translation.senses import BODY_PARTS, SIDES, WORD, Sense, SenseMention, is_beside_a_side

BOTH = "both"
#: Words after a side in which a part of the body makes it one ("the left upper arm"); characters up to a part.
WORDS, REACH = 4, 45
#: Function words that may stand between the two ("left and right lung").
JOINING = frozenset({"and", "or", "und", "oder"})


def changed_sides(original: BeadSide, translation: BeadSide) -> Changed:
    """The words for sides that the other side of the pair does not have, or has at another part of the body."""
    ours, theirs = _sides(original), _sides(translation)
    lost, gained = _absent(ours, theirs), _absent(theirs, ours)
    if lost or gained:
        return lost, gained
    return _exchanged(ours, theirs) or _at_other_parts(original, ours, translation, theirs)


def _sides(passage: BeadSide) -> list[SenseMention]:
    """The words for sides; one that may be another word is sure where a part of the body follows."""
    return [
        replace(mention, sense=Sense(mention.sense.maybe, frozenset()))
        if not mention.sense.sure and _has_a_part(passage, mention)
        else mention
        for mention in passage.mentions[SIDES]
    ]


def _has_a_part(passage: BeadSide, mention: SenseMention) -> bool:
    if len(mention.word) > 1 and mention.word.isupper():
        return False
    after = passage.text[mention.end : min(passage.end, mention.end + REACH)]
    clause = after[: next((offset for offset, sign in enumerate(after) if sign in ".,;:()"), len(after))]
    words = list(WORD.finditer(clause))[: 1 if mention.sense.maybe == {BOTH} else WORDS]
    functions = function_words(passage.language) - JOINING
    words = list(takewhile(lambda word: lower_case(word[0]) not in functions, words))
    starts = {part.start for part in passage.mentions[BODY_PARTS]}
    return any(
        mention.end + word.start() in starts or is_beside_a_side(lower_case(word[0]), passage.language)
        for word in words
    )


def _absent(ours: Sequence[SenseMention], theirs: Sequence[SenseMention]) -> list[SenseMention]:
    """The sure words for sides that the other side of the pair has no word for."""
    own, there = _all(ours), _all(theirs)
    if {"left", "right"} <= there:
        there |= {BOTH}
    if BOTH in there and {"left", "right"} <= own:
        there |= {"left", "right"}
    return [mention for mention in ours if mention.sense.sure and not mention.sense.sure & there]


def _all(mentions: Sequence[SenseMention]) -> frozenset[str]:
    return frozenset[str]().union(*(mention.sense.sure | mention.sense.maybe for mention in mentions))


def _exchanged(ours: Sequence[SenseMention], theirs: Sequence[SenseMention]) -> Changed | None:
    """Sides that one text has more often and the other less often, where both have as many in all."""
    if any(not mention.sense.sure for mention in (*ours, *theirs)) or len(ours) != len(theirs):
        return None
    counts, others = (Counter(side for mention in side_of for side in mention.sense.sure) for side_of in (ours, theirs))
    fewer, more = counts - others, others - counts
    if not fewer or not more or BOTH in fewer or BOTH in more:
        return None
    return (
        [mention for mention in ours if mention.sense.sure & fewer.keys()],
        [mention for mention in theirs if mention.sense.sure & more.keys()],
    )


def _at_other_parts(
    original: BeadSide, ours: Sequence[SenseMention], translation: BeadSide, theirs: Sequence[SenseMention]
) -> Changed:
    """Sides at a part of the body that is named once on each side, and has another there."""
    here, there = _by_part(original, ours), _by_part(translation, theirs)
    other = [part for part in here.keys() & there.keys() if not here[part].sense.sure & there[part].sense.sure]
    # One alone may be a matter of words between a side and its part; two that changed places are not.
    if len({here[part].start for part in other}) < 2:
        return [], []
    return [here[part] for part in sorted(other)], [there[part] for part in sorted(other)]


def _by_part(passage: BeadSide, sides: Sequence[SenseMention]) -> dict[str, SenseMention]:
    """By part of the body that is mentioned once, the side right before it."""
    parts = passage.mentions[BODY_PARTS]
    counts = Counter(name for part in parts for name in part.sense.sure)
    found: dict[str, SenseMention] = {}
    for side in sides:
        following = next((part for part in parts if part.start >= side.end), None)
        parted = following is not None and any(side.end <= other.start < following.start for other in sides)
        if side.sense.sure and following and not parted and following.start - side.end <= REACH:
            found |= {name: side for name in following.sense.sure if counts[name] == 1}
    return found
