"""Entities as one tag a word, with words that are cut where an entity begins or ends, so that no border moves."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from exports.losses import Capacity

#: Runs of letters, digits and what belongs to them, or one sign; neither white space nor control characters, which
#: tables of words cannot hold.
WORD = regex.compile(r"[\p{L}\p{M}\p{N}_\u200c\u200d]+|[^\s\p{Cc}\p{L}\p{M}\p{N}_]")
OUTSIDE = "O"
HOLDS = Capacity()

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TaggedText:
    """The words of a text as spans, a tag for each, and the entities that the tags hold."""

    words: tuple[Span, ...]
    tags: tuple[str, ...]
    kept: tuple[Entity, ...]


def tagged(record: Record, layer: Layer, *, ends: bool = False) -> TaggedText:
    """The tags of a record's words in IOB2, or with `ends` in IOBES.

    Of entities that share a word the longest is kept, and of equal ones the first; those in several fragments, without
    a place, or that begin or end with what is no word are not.
    """
    candidates = [entity for entity in HOLDS.kept(layer) if entity.fragments]
    words = _words(record.text, candidates)
    starts = [start for start, _ in words]
    tags = [OUTSIDE] * len(words)
    kept = []
    for entity in sorted(candidates, key=lambda entity: (entity.start - entity.end, entity.start)):
        first, last = bisect_left(starts, entity.start), bisect_left(starts, entity.end)
        inside = words[first:last]
        fits = inside and (inside[0][0], inside[-1][1]) == (entity.start, entity.end)
        if fits and all(tag == OUTSIDE for tag in tags[first:last]):
            tags[first:last] = _tags(entity.category, last - first, ends=ends)
            kept.append(entity)
    return TaggedText(tuple(words), tuple(tags), tuple(sorted(kept, key=lambda entity: entity.start)))


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What tags of words cannot hold."""
    return HOLDS.lost(record, layer, tagged(record, layer).kept)


def tag_names(categories: Iterable[str], *, ends: bool = False) -> list[str]:
    """Every tag there can be, O first."""
    return [OUTSIDE, *(f"{kind}-{category}" for category in categories for kind in ("BIES" if ends else "BI"))]


def pieces(text: str, borders: Iterable[int]) -> Iterator[Span]:
    """The whole text in pieces, cut at borders too: words, and what is between, of which a first blank stands alone."""
    cuts = {0, len(text), *borders}
    for match in WORD.finditer(text):
        cuts |= {match.start(), match.end()}
        if text[match.end() : match.end() + 1] == " ":
            cuts.add(match.end() + 1)
    return pairwise(sorted(cuts))


def _words(text: str, entities: Sequence[Entity]) -> list[Span]:
    borders = sorted({border for entity in entities for border in (entity.start, entity.end)})
    return [piece for match in WORD.finditer(text) for piece in _cut(match.start(), match.end(), borders)]


def _cut(start: int, end: int, borders: Sequence[int]) -> Iterator[Span]:
    at = bisect_left(borders, start + 1)
    while at < len(borders) and borders[at] < end:
        yield start, borders[at]
        start = borders[at]
        at += 1
    yield start, end


def _tags(category: str, count: int, *, ends: bool) -> list[str]:
    if ends and count == 1:
        return [f"S-{category}"]
    tags = [f"B-{category}", *[f"I-{category}"] * (count - 1)]
    return [*tags[:-1], f"E-{category}"] if ends else tags
