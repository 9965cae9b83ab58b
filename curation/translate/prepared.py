"""A record's text prepared for translation: its segments, each with markers around what the layers say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from curation.deidentify.identifiers.surrogate_marks import surrogates
from curation.record import Layer, Record, wording
from curation.text.folding import Span
from curation.translate.projection.links import Side
from curation.translate.projection.markers import MarkedText, UnmarkedText, marked
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.placing import Found, placed
from curation.translate.projection.projected import (
    Fragments,
    Placement,
    ProjectedSpan,
    ProjectionMethod,
    ProjectionState,
)
from curation.translate.segments import one_line, wrapped


@dataclass(frozen=True)
class Segment:
    """A part of a text that is translated by itself; its spans stand in it, `mentions` says whose parts they are."""

    span: Span
    written: str
    mentions: tuple[int, ...] = ()
    spans: tuple[Fragments, ...] = ()

    @property
    def text(self) -> str:
        """Its words in one line."""
        return one_line(self.written)

    def wording(self, span: int) -> str:
        """The words of one of its spans, fragments joined by a blank."""
        return wording(self.text, self.spans[span])

    @cached_property
    def marked(self) -> MarkedText:
        """Its words with markers around its spans."""
        return marked(self.text, self.spans)


@dataclass(frozen=True, slots=True)
class SegmentTranslation:
    """A segment in the other language, and where its spans stand by markers and by mentions that were asked for."""

    unmarked: UnmarkedText
    mentions: Found

    @property
    def found(self) -> dict[ProjectionMethod, Found]:
        """The places by method."""
        return {ProjectionMethod.MARKER: self.unmarked.spans, ProjectionMethod.MENTION: self.mentions}


@dataclass(frozen=True, slots=True)
class AssembledText:
    """A whole translation: where each segment stands in it, and the place of each mention."""

    text: str
    segments: tuple[Span, ...]
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class PreparedText:
    """Segments of a text, and the places that layers speak of, each once."""

    text: str
    language: str
    segments: tuple[Segment, ...]
    mentions: tuple[Fragments, ...]
    #: What is known of words, for places that are looked for.
    meanings: WordMeanings | None = None

    @classmethod
    def of(
        cls, record: Record, cuts: Sequence[Span], layers: Iterable[Layer], meanings: WordMeanings | None = None
    ) -> PreparedText:
        """The text of a record cut there, with the places of the layers' entities and of its surrogates."""
        places = {entity.spans for layer in layers for entity in layer.entities if entity.spans}
        places |= {(span,) for span in surrogates(record)}
        mentions = tuple(sorted(places))
        segments = tuple(_segment(record.text, cut, mentions) for cut in cuts)
        return cls(record.text, record.language, segments, mentions, meanings)

    def assembled(self, translations: Mapping[int, SegmentTranslation], to: str) -> AssembledText:
        """All segments in the other language with what is copied between them, and the mentions' places."""
        parts: list[str] = []
        spans: list[Span] = []
        after = length = 0
        found: dict[int, list[tuple[Fragments, Placement]]] = {}
        for number, segment in enumerate(self.segments):
            made = translations[number]
            words = wrapped(made.unmarked.text, segment.written)
            between = self.text[after : segment.span[0]]
            start, after = length + len(between), segment.span[1]
            length = start + len(words)
            parts += (between, words)
            spans.append((start, length))
            for mention, part, placement in self._placed(segment, made, to):
                moved = _moved(part, segment.span[0]), _moved_placement(placement, start)
                found.setdefault(mention, []).append(moved)
        text = "".join([*parts, self.text[after:]])
        places = (_joined(mention, found.get(number, ())) for number, mention in enumerate(self.mentions))
        return AssembledText(text, tuple(spans), tuple(places))

    def _placed(
        self, segment: Segment, made: SegmentTranslation, to: str
    ) -> Iterable[tuple[int, Fragments, Placement]]:
        if not segment.spans:
            return ()
        source, target = Side(segment.text, self.language), Side(made.unmarked.text, to)
        starts = made.unmarked.starts
        placements = placed(source, target, segment.spans, made.found, starts=starts, meanings=self.meanings)
        return zip(segment.mentions, segment.spans, placements, strict=True)


def _segment(text: str, cut: Span, mentions: Sequence[Fragments]) -> Segment:
    inside = [(number, part) for number, mention in enumerate(mentions) if (part := _part(text, mention, cut))]
    return Segment(cut, text[slice(*cut)], tuple(number for number, _ in inside), tuple(part for _, part in inside))


def _part(text: str, mention: Fragments, cut: Span) -> Fragments:
    """What of a mention stands in a segment, by the segment's offsets, without blanks at the ends."""
    found = []
    for fragment in mention:
        start, end = max(fragment[0], cut[0]), min(fragment[1], cut[1])
        words = text[start:end]
        if start < end and words.strip():
            start += len(words) - len(words.lstrip())
            found.append((start - cut[0], start - cut[0] + len(words.strip())))
    return tuple(found)


def _moved(fragments: Fragments, by: int) -> Fragments:
    return tuple((start + by, end + by) for start, end in fragments)


def _moved_placement(placement: Placement, by: int) -> Placement:
    if placement.place is None:
        return placement
    return replace(placement, place=replace(placement.place, fragments=_moved(placement.place.fragments, by)))


def _joined(mention: Fragments, parts: Sequence[tuple[Fragments, Placement]]) -> Placement:
    """The place of a mention whose parts stand in several segments; one of which only a part was found is doubtful.

    A fragment that goes over the end of a segment does so in the translation.
    """
    if len(parts) == 1:
        return parts[0][1]
    found = [(part, placement, placement.place) for part, placement in parts if placement.place is not None]
    if not found or not parts:
        return Placement(ProjectionState.LOST)
    fragments = list(found[0][2].fragments)
    for (before, _, _), (part, _, place) in pairwise(found):
        first, *others = place.fragments
        goes_on = any(start <= before[-1][0] and part[0][1] <= end for start, end in mention)
        fragments[-1:] = [(fragments[-1][0], first[1])] if goes_on else [fragments[-1], first]
        fragments += others
    states = {placement.state for _, placement, _ in found}
    is_agreed = states == {ProjectionState.AGREED} and len(found) == len(parts)
    is_single = states <= {ProjectionState.AGREED, ProjectionState.SINGLE} and len(found) == len(parts)
    weakest = min(found, key=lambda each: each[2].score)
    agreeing = set(found[0][1].agreeing).intersection(*(placement.agreeing for _, placement, _ in found))
    return Placement(
        ProjectionState.AGREED if is_agreed else ProjectionState.SINGLE if is_single else ProjectionState.DISAGREEING,
        max((placement.method for _, placement, _ in found if placement.method), key=list(ProjectionMethod).index),
        ProjectedSpan(tuple(fragments), weakest[2].score, any(place.is_part_of_word for _, _, place in found)),
        tuple(method for method in ProjectionMethod if method in agreeing),
    )
