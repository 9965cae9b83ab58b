"""How well translations carry the spans of their source over, by method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from projection_parts.generated import SentencePair

from curation.text.folding import Folded, Span, fold
from curation.translate.projection.assignment import project
from curation.translate.projection.links import Side
from curation.translate.projection.markers import marked, unmarked
from curation.translate.projection.placing import placed
from curation.translate.projection.projected import Fragments, ProjectionMethod, ProjectionState


@dataclass
class RealTally:
    """Spans that one method carried over to real translations.

    A real translation has no gold of its own: where the wording of the reference stands in it, that place counts as
    right. said: spans with such a place; the others are the translator's, and count for no method. strict: the very
    place; lenient: some of it; off: a place without any of it.
    """

    asked: int = 0
    found: int = 0
    said: int = 0
    strict: int = 0
    lenient: int = 0
    off: int = 0

    def add(self, place: Fragments | None, right: Sequence[Span]) -> None:
        """Count a span with its place and those that are right."""
        self.asked += 1
        self.found += place is not None
        self.said += bool(right)
        if place is None or not right:
            return
        is_met = any(start < stop and begin < end for start, end in place for begin, stop in right)
        self.strict += place in [(span,) for span in right]
        self.lenient += is_met
        self.off += not is_met

    @property
    def row(self) -> tuple[object, ...]:
        """Shares: found of all; strict, lenient and off of those that are said."""
        of_said = [round(number / max(1, self.said), 4) for number in (self.strict, self.lenient, self.off)]
        return (self.asked, self.said, round(self.found / max(1, self.asked), 4), *of_said)


@dataclass
class Projections:
    """What each method made of the same sentences; the states of places by both; what came back of the markers."""

    tallies: dict[str, RealTally] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    markers: Counter[str] = field(default_factory=Counter)

    def add(self, pair: SentencePair, plain: str, answer: str) -> None:
        """Count a sentence by its translation without markers and the one with them."""
        spans = [(span,) for span in pair.spans]
        asked = marked(pair.source, spans)
        back = unmarked(answer, asked)
        self.markers["back"] += len(back.spans)
        self.markers.update(fault.value for fault in back.faults.values())
        source, target = Side(pair.source, "en"), Side(back.text, "de")
        marks = [back.spans.get(number) for number in range(len(spans))]
        self._count("markers alone", pair, back.text, marks)
        self._count("assignment, translated without markers", pair, plain, _places(source, Side(plain, "de"), spans))
        self._count("assignment, translated with markers", pair, back.text, _places(source, target, spans))
        both = placed(source, target, spans, {ProjectionMethod.MARKER: back.spans}, starts=back.starts)
        self._count("both", pair, back.text, [each.place.fragments if each.place else None for each in both])
        for each, right in zip(both, _right(pair, back.text), strict=True):
            if each.state is not ProjectionState.LOST and right:
                is_right = each.place is not None and each.place.fragments in [(span,) for span in right]
                self.states[f"{each.state.value}, {'right' if is_right else 'wrong'}"] += 1

    def _count(self, method: str, pair: SentencePair, text: str, places: Sequence[Fragments | None]) -> None:
        tally = self.tallies.setdefault(method, RealTally())
        for place, right in zip(places, _right(pair, text), strict=True):
            tally.add(place, right)


def _places(source: Side, target: Side, spans: Sequence[Fragments]) -> list[Fragments | None]:
    return [place.fragments if place else None for place in project(source, target, spans)]


def _right(pair: SentencePair, text: str) -> list[list[Span]]:
    """For each span, where the wording of the reference stands in a translation."""
    folded = fold(text)
    return [_stands(folded, fold(pair.target[start:end]).text) for start, end in pair.gold]


def _stands(folded: Folded, wording: str) -> list[Span]:
    found: list[Span] = []
    at = folded.text.find(wording) if wording else -1
    while at >= 0:
        if place := folded.original(at, at + len(wording)):
            found.append(place)
        at = folded.text.find(wording, at + 1)
    return found
