"""Sentences that a translation has dropped or added, and whether it goes sentence by sentence at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from curation.record import Layer, Record
from curation.text.folding import Span
from validation.translation.alignment import Bead, SentenceSide, aligned, likeness
from validation.translation.evidence import evidence
from validation.translation.segments import segments

if TYPE_CHECKING:
    from validation.translation.alignment import Matrix

#: From this likeness on, a sentence without a counterpart on either side is one that has moved.
MOVED = -2.0
#: How many times as long as the other a side may be where several sentences are translated freely.
FREELY = 2.5
#: Words of three letters and more; a sentence with fewer is none that could be missed ("Impression:").
WORD, WORDS = re.compile(r"[^\W\d_]{3,}"), 2


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """A text in sentences: where they stand, and their evidence."""

    record: Record
    spans: tuple[Span, ...]
    side: SentenceSide

    def said(self, place: int) -> str:
        """The wording of a sentence."""
        return self.record.text[slice(*self.spans[place])]

    def categories(self, place: int, layer: Layer | None) -> Counter[str]:
        """How many entities of a layer begin in a sentence, by category."""
        low, high = self.spans[place]
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
        places = {place: number for number, bead in enumerate(self.beads) for place in bead.original}
        others = {place: number for number, bead in enumerate(self.beads) for place in bead.translation}
        return sum(places[ours[key]] == others[theirs[key]] for key in shared) / len(shared)


def told(record: Record) -> SentenceEvidence:
    """A text in sentences with their evidence."""
    spans = tuple(segments(record))
    said = [record.text[start:end] for start, end in spans]
    side = SentenceSide([evidence(one, record.language) for one in said], [len(one) for one in said])
    return SentenceEvidence(record, spans, side)


def compared(
    original: SentenceEvidence, translation: SentenceEvidence, cosines: Matrix | None = None
) -> SentenceComparison:
    """The sentences put beside each other, and those without a counterpart, moved ones left out."""
    beads = list(_joined(original, translation, aligned(original.side, translation.side, cosines)))
    lone = [place for bead in beads if not bead.translation for place in bead.original]
    other = [place for bead in beads if not bead.original for place in bead.translation]
    lone, other = _without_moved(original, translation, lone, other)
    return SentenceComparison(
        original,
        translation,
        tuple(beads),
        tuple(place for place in lone if _says_something(original.said(place))),
        tuple(place for place in other if _says_something(translation.said(place))),
    )


def _says_something(sentence: str) -> bool:
    return len(WORD.findall(sentence)) >= WORDS


def _joined(original: SentenceEvidence, translation: SentenceEvidence, beads: Iterable[Bead]) -> Iterator[Bead]:
    """The beads; sentences of both sides alone at one place are one, a free translation, if about as long."""
    for paired, run in groupby(beads, key=lambda bead: bool(bead.original) and bool(bead.translation)):
        gap = list(run)
        ours = [place for bead in gap for place in bead.original]
        theirs = [place for bead in gap for place in bead.translation]
        lengths = sum(original.side.lengths[one] for one in ours), sum(translation.side.lengths[one] for one in theirs)
        if paired or not ours or not theirs or min(lengths) * FREELY < max(lengths):
            yield from gap
        else:
            yield Bead(range(ours[0], ours[-1] + 1), range(theirs[0], theirs[-1] + 1))


def _without_moved(
    original: SentenceEvidence, translation: SentenceEvidence, lone: list[int], other: list[int]
) -> tuple[list[int], list[int]]:
    pairs = sorted(
        ((likeness(original.side.keys[one], translation.side.keys[two]), one, two) for one in lone for two in other),
        reverse=True,
    )
    moved: set[int] = set()
    met: set[int] = set()
    for alike, one, two in pairs:
        if alike > MOVED and one not in moved and two not in met:
            moved.add(one)
            met.add(two)
    return [one for one in lone if one not in moved], [two for two in other if two not in met]


def _once(keys: Sequence[frozenset[str]]) -> dict[str, int]:
    """The keys that one sentence alone has, and which."""
    counts = Counter(key for some in keys for key in some)
    return {key: place for place, some in enumerate(keys) for key in some if counts[key] == 1}
