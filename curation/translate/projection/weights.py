"""How well stretches of a text fit the spans of another: the letters in common, and what stands at their edges."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from curation.text.folding import Span
from curation.translate.projection.pieces import WordPiece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: A stretch has at most so many pieces more than twice those of its span; so many stretches of each are weighed.
LONGER, WEIGHED = 3, 40
#: What is so certain of two pieces that they belong together.
LINKED = 0.4
#: What a stretch is worth that goes over a mark which its span does not have; that begins or ends with a piece that
#: belongs to another span, or to nothing where all of its span is accounted for; or in a word of which the rest is not
#: said elsewhere.
PARTED, ELSEWHERE, UNSAID, CUT = 0.7, 0.6, 0.9, 0.75
#: Marks that part what is told one after the other, and what stands in brackets.
PARTING = re.compile(r"[,;:](?!\d)")
BRACKETS = re.compile(r"\([^()]*\)")


def within(pieces: Sequence[WordPiece], spans: Sequence[Span]) -> list[int]:
    """The numbers of the pieces that overlap with a span."""
    return [
        number
        for number, piece in enumerate(pieces)
        if any(piece.start < end and start < piece.end for start, end in spans)
    ]


@dataclass(frozen=True)
class Weighing:
    """Two texts in pieces, how certain it is that each means the same as each of the other, and a plan by that.

    known, plan: shape (first, second).
    """

    source: str
    target: str
    first: Sequence[WordPiece]
    second: Sequence[WordPiece]
    known: Matrix
    plan: Matrix

    def stretches(self, span: Span) -> dict[tuple[int, int], float]:
        """The best stretches of a span of the source, by the numbers of their first and last piece, with their scores.

        The score is Dice's (1945): twice what moves from the span into the stretch by what both have, times what the
        edges of the stretch are worth.
        """
        inside = within(self.first, [span])
        content = [number for number in inside if not self.first[number].is_function]
        rows = content or inside
        if not rows:
            return {}
        edges = np.flatnonzero([not (content and piece.is_function) for piece in self.second])
        first, last = (axis.ravel() for axis in np.meshgrid(edges, edges, indexing="ij"))
        fits = (last >= first) & (last - first < 2 * len(rows) + LONGER)
        first, last = first[fits], last[fits]
        moved = np.concatenate([[0.0], self.plan[rows].sum(axis=0).cumsum()])
        common = 2 * (moved[last + 1] - moved[first])
        both = moved[-1] + self._taken[last + 1] - self._taken[first]
        marks = self._marks_before[last] - self._marks_before[first] - _marks(self.source[slice(*span)])
        edge, begun, ended = self._edges(rows)
        scores = common / both * PARTED ** np.maximum(marks, 0) * edge[first] * edge[last] * begun[first] * ended[last]
        best = np.argsort(-scores, kind="stable")[:WEIGHED]
        return {(int(first[number]), int(last[number])): float(scores[number]) for number in best}

    def is_evident(self, spans: Sequence[Span], places: Sequence[Span]) -> bool:
        """Whether any piece of some spans is known to mean one of some places."""
        rows, columns = within(self.first, spans), within(self.second, places)
        return bool((self.known[np.ix_(rows, columns)] > 0).any())

    def score(self, spans: Sequence[Span], places: Sequence[Span]) -> float:
        """How much of what moves from spans of the source goes to places of the target, and little else to these
        (Dice), 0 to 1.
        """
        rows, columns = within(self.first, spans), within(self.second, places)
        both = self.plan[rows].sum() + self.plan[:, columns].sum()
        return float(2 * self.plan[np.ix_(rows, columns)].sum() / both) if both else 0.0

    @cached_property
    def _taken(self) -> Matrix:
        """What the pieces of the target take in all, up to each."""
        return np.concatenate([[0.0], self.plan.sum(axis=0).cumsum()])

    @cached_property
    def _marks_before(self) -> NDArray[np.int_]:
        """How many parting marks stand before each piece of the target."""
        marks = [match.start() for match in PARTING.finditer(_without_brackets(self.target))]
        return np.array([bisect_left(marks, piece.start) for piece in self.second])

    def _edges(self, rows: Sequence[int]) -> tuple[Matrix, Matrix, Matrix]:
        """What each piece is worth at an edge of a stretch; what the start of the stretch with it is, and the end."""
        taken = set(rows)
        others = [number for number, piece in enumerate(self.first) if number not in taken and not piece.is_function]
        inside, outside = self.known[rows].max(axis=0), self.known[others].max(axis=0, initial=0.0)
        is_said = bool((self.known[rows].max(axis=1) >= LINKED).all())
        edge = np.where(inside > 0, 1.0, np.where(outside >= LINKED, ELSEWHERE, UNSAID if is_said else 1.0))
        words = np.array([piece.word for piece in self.second])
        rest = np.where(outside >= LINKED, 1.0, CUT)
        cut = np.flatnonzero(words[1:] == words[:-1])
        begun, ended = np.ones(len(words)), np.ones(len(words))
        begun[cut + 1], ended[cut] = rest[cut], rest[cut + 1]
        return edge, begun, ended


def _marks(text: str) -> int:
    return len(PARTING.findall(_without_brackets(text)))


def _without_brackets(text: str) -> str:
    """The text with blanks for what stands in brackets."""
    return BRACKETS.sub(lambda match: " " * len(match[0]), text)
