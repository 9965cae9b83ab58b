"""Sentences that a translation has dropped or added, and whether it goes sentence by sentence at all."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from curation.record import Layer
from curation.text.folding import Span, compose
from validation.translation.alignment import Bead, SentenceSide, aligned, likeness
from validation.translation.evidence import WORD, evidence
from validation.translation.numerals import Numerals
from validation.translation.segments import segments

if TYPE_CHECKING:
    from validation.translation.alignment import Matrix

#: From this likeness on, a sentence without a counterpart on either side is one that has moved.
MOVED = -2.0
#: How many times as long as the other a side may be where several sentences are translated freely.
FREELY = 2.5
#: Words of three letters and more; a sentence with fewer is none that could be missed ("Impression:").
TELLING, WORDS = re.compile(r"[^\W\d_]{3,}"), 2


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """A text in sentences: where they stand, and their evidence."""

    text: str
    language: str
    spans: tuple[Span, ...]
    side: SentenceSide

    def wording(self, sentence: int) -> str:
        """The wording of a sentence."""
        return self.text[slice(*self.spans[sentence])]

    def categories(self, sentence: int, layer: Layer | None) -> Counter[str]:
        """How many entities of a layer begin in a sentence, by category."""
        low, high = self.spans[sentence]
        return Counter(entity.category for entity in (layer.entities if layer else ()) if low <= entity.start < high)


@dataclass(frozen=True, slots=True)
class SentenceComparison:
    """The two texts, what stands beside what, and the sentences that stand beside nothing."""

    original: SentenceEvidence
    translation: SentenceEvidence
    beads: tuple[Bead, ...]
    dropped: tuple[int, ...]
    added: tuple[int, ...]

    @property
    def one_to_one(self) -> float:
        """The share of all sentences that have exactly one counterpart."""
        several = sum(2 for bead in self.beads if len(bead.original) == len(bead.translation) == 1)
        total = len(self.original.spans) + len(self.translation.spans)
        return several / total if total else 1.0

    @property
    def in_place(self) -> float:
        """Of the numbers and words spelt alike that each text has once, the share that stands in one bead."""
        ours, theirs = _once(self.original.side.keys), _once(self.translation.side.keys)
        shared = {key for key in ours.keys() & theirs.keys() if key[0] != "="}
        if not shared:
            return 1.0
        our_beads = {sentence: number for number, bead in enumerate(self.beads) for sentence in bead.original}
        their_beads = {sentence: number for number, bead in enumerate(self.beads) for sentence in bead.translation}
        return sum(our_beads[ours[key]] == their_beads[theirs[key]] for key in shared) / len(shared)


def sentence_evidence(text: str, language: str, numerals: Numerals) -> SentenceEvidence:
    """A text in sentences with their evidence, by its numbers."""
    spans = tuple(segments(text, language))
    numbers: list[set[str]] = [set() for _ in spans]
    starts = [start for start, _ in spans]
    for offset, value in numerals.values():
        sentence = bisect_right(starts, offset) - 1
        if sentence >= 0 and offset < spans[sentence][1]:
            numbers[sentence].add(value)
    letters = compose(text)
    keys = [
        evidence(WORD.findall(letters.text, *letters.folded(*span)), values, language)
        for span, values in zip(spans, numbers, strict=True)
    ]
    return SentenceEvidence(text, language, spans, SentenceSide(keys, [end - start for start, end in spans]))


def compared(
    original: SentenceEvidence, translation: SentenceEvidence, cosines: Matrix | None = None
) -> SentenceComparison:
    """The sentences put beside each other, and those without a counterpart, moved ones left out."""
    beads = list(_joined(original, translation, aligned(original.side, translation.side, cosines)))
    dropped = [sentence for bead in beads if not bead.translation for sentence in bead.original]
    added = [sentence for bead in beads if not bead.original for sentence in bead.translation]
    dropped, added = _without_moved(original, translation, dropped, added)
    return SentenceComparison(
        original,
        translation,
        tuple(beads),
        tuple(sentence for sentence in dropped if _says_something(original.wording(sentence))),
        tuple(sentence for sentence in added if _says_something(translation.wording(sentence))),
    )


def _says_something(sentence: str) -> bool:
    return len(TELLING.findall(sentence)) >= WORDS


def _joined(original: SentenceEvidence, translation: SentenceEvidence, beads: Iterable[Bead]) -> Iterator[Bead]:
    """The beads; sentences of both sides alone at one place are one, a free translation, if about as long."""
    for paired, run in groupby(beads, key=lambda bead: bool(bead.original) and bool(bead.translation)):
        gap = list(run)
        ours = [sentence for bead in gap for sentence in bead.original]
        theirs = [sentence for bead in gap for sentence in bead.translation]
        lengths = (
            sum(original.side.lengths[sentence] for sentence in ours),
            sum(translation.side.lengths[sentence] for sentence in theirs),
        )
        if paired or not ours or not theirs or min(lengths) * FREELY < max(lengths):
            yield from gap
        else:
            yield Bead(range(ours[0], ours[-1] + 1), range(theirs[0], theirs[-1] + 1))


def _without_moved(
    original: SentenceEvidence, translation: SentenceEvidence, dropped: list[int], added: list[int]
) -> tuple[list[int], list[int]]:
    pairs = sorted(
        (
            (likeness(original.side.keys[left], translation.side.keys[right]), left, right)
            for left in dropped
            for right in added
        ),
        reverse=True,
    )
    moved: set[int] = set()
    met: set[int] = set()
    for alike, left, right in pairs:
        if alike > MOVED and left not in moved and right not in met:
            moved.add(left)
            met.add(right)
    return [left for left in dropped if left not in moved], [right for right in added if right not in met]


def _once(keys: Sequence[frozenset[str]]) -> dict[str, int]:
    """The keys that one sentence alone has, and which."""
    counts = Counter(key for sentence_keys in keys for key in sentence_keys)
    return {key: sentence for sentence, sentence_keys in enumerate(keys) for key in sentence_keys if counts[key] == 1}
