"""Where the spans of a text stand in its translation, without any model.

Words, numbers and parts of compounds of both texts are weighed against each other (glossary, spelling, place), the
letters of the one are moved onto the other's (`links`, `transport`), and each span gets the stretch that most of its
letters go to and few others (`weights`); no two spans that lie apart share one (Kuhn 1955).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from curation.text.folding import Span
from curation.text.sentence_starts import sentence_grammar
from curation.translate.projection.links import Side, weighing
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.pieces import WordPiece
from curation.translate.projection.projected import Fragments, ProjectedSpan
from curation.translate.projection.weights import Weighing

#: A stretch that less of a span goes to is not one.
LEAST = 0.1


def project(
    source: Side, target: Side, spans: Sequence[Fragments], *, meanings: WordMeanings | None = None
) -> list[ProjectedSpan | None]:
    """For each span of the source its place in the target; None where a fragment of it has none.

    Spans with the same fragments get the same place; one that lies in another may share the other's.
    """
    assignment = Assignment(source, target, spans, meanings=meanings)
    return [assignment.place(fragments) for fragments in spans]


class Assignment:
    """The spans of a text in its translation, all of them together.

    known: places of spans that need not be looked for; they say where the others are not. meanings: by what
    words mean, beside how they are spelt.
    """

    def __init__(
        self,
        source: Side,
        target: Side,
        spans: Sequence[Fragments],
        *,
        known: Sequence[tuple[Fragments, Fragments]] = (),
        meanings: WordMeanings | None = None,
    ) -> None:
        single = list(dict.fromkeys(span for fragments in spans for span in fragments))
        self._target = target
        self._weighed = weighing(source, target, single, known, meanings=meanings)
        self._found: dict[Span, _Stretch] = {}
        if self._weighed is not None:
            for level in _levels(single):
                self._found |= _assigned(self._weighed, level)

    def place(self, fragments: Fragments) -> ProjectedSpan | None:
        """Where one of the spans stands; None where a fragment of it has no place."""
        stretches = [self._found.get(span) for span in fragments]
        return _placed(self._weighed, self._target.language, stretches) if self._weighed else None

    def place_from(self, fragments: Fragments, start: int) -> ProjectedSpan | None:
        """Where a span without gaps stands that is known to begin there."""
        if self._weighed is None or len(fragments) != 1:
            return None
        first = next((number for number, piece in enumerate(self._weighed.second) if piece.start >= start), None)
        fitting = {place: score for place, score in self._weighed.stretches(fragments[0]).items() if place[0] == first}
        best = max(fitting, key=lambda place: fitting[place], default=None)
        return best and _placed(self._weighed, self._target.language, [_Stretch(*best, fitting[best])])

    def is_evident(self, fragments: Fragments, place: Fragments) -> bool:
        """Whether glossary or spelling tie one of the spans to a place, and not only where both stand."""
        return self._weighed is not None and self._weighed.is_evident(fragments, place)

    def score(self, fragments: Fragments, place: Fragments) -> float:
        """How well a place that was found otherwise fits one of the spans, 0 to 1."""
        return self._weighed.score(fragments, place) if self._weighed else 0.0


class _Stretch(NamedTuple):
    """Pieces in a row, by the numbers of the first and the last, and the score."""

    first: int
    last: int
    score: float


def _levels(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans by how many others they lie in: those of one level lie apart or cross."""
    levels: dict[int, list[Span]] = {}
    for span in spans:
        depth = sum(other[0] <= span[0] and span[1] <= other[1] for other in spans if other != span)
        levels.setdefault(depth, []).append(span)
    return [levels[depth] for depth in sorted(levels)]


def _assigned(weighed: Weighing, spans: Sequence[Span]) -> dict[Span, _Stretch]:
    """The best stretches of the spans together, none of them twice."""
    from scipy.optimize import linear_sum_assignment

    found = [weighed.stretches(span) for span in spans]
    places = list(dict.fromkeys(place for stretches in found for place in stretches))
    numbers = {place: number for number, place in enumerate(places)}
    # Behind the stretches a column for each span: it may stay without a place.
    scores = np.zeros((len(spans), len(places) + len(spans)))
    scores[:, len(places) :] = LEAST
    for row, stretches in enumerate(found):
        for place, score in stretches.items():
            scores[row, numbers[place]] = score
    return {
        spans[row]: _Stretch(places[column][0], places[column][1], float(scores[row, column]))
        for row, column in zip(*linear_sum_assignment(scores, maximize=True), strict=True)
        if column < len(places) and scores[row, column] > 0
    }


def _placed(weighed: Weighing, language: str, stretches: Sequence[_Stretch | None]) -> ProjectedSpan | None:
    """The stretches of a span's fragments as its place; those that touch are one."""
    found = sorted(stretch for stretch in stretches if stretch is not None)
    if not found or len(found) < len(stretches):
        return None
    joined = [found[0]]
    for stretch in found[1:]:
        if stretch.first > joined[-1].last + 1:
            joined.append(stretch)
        else:
            joined[-1] = joined[-1]._replace(last=max(joined[-1].last, stretch.last))
    pieces = weighed.second
    spans = [(pieces[stretch.first].start, pieces[stretch.last].end) for stretch in joined]
    return ProjectedSpan(
        tuple(_closed(weighed.target, language, span) for span in spans),
        min(stretch.score for stretch in found),
        any(_cuts_a_word(pieces, stretch) for stretch in joined),
    )


def _closed(text: str, language: str, span: Span) -> Span:
    """A span with the full stop of an abbreviation at its end, and the bracket that it opens."""
    start, end = span
    word = text[start:end].split()[-1].lower()
    if text[end : end + 1] == "." and f"{word}." in sentence_grammar(language).abbreviations:
        end += 1
    is_open = text.count("(", start, end) > text.count(")", start, end)
    return start, end + (is_open and text[end : end + 1] == ")")


def _cuts_a_word(pieces: Sequence[WordPiece], stretch: _Stretch) -> bool:
    """Whether a stretch begins or ends inside of a word."""
    before = stretch.first > 0 and pieces[stretch.first - 1].word == pieces[stretch.first].word
    after = stretch.last + 1 < len(pieces) and pieces[stretch.last + 1].word == pieces[stretch.last].word
    return before or after
