"""Pairs of entities that may have a relation, and their text with marks around both: for training and for asking.

The marks are signs that every tokenizer has, with the category's name between them (typed markers, Zhou and Chen
2022), so that no new pieces have to be learnt. All pairs that the relation types allow are given, most of them without
a relation.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.record import Entity, Layer
from curation.tagging.words import Pieces, Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What stands before and after the head and the tail.
HEAD, TAIL = ("@ {category} @", "@"), ("# {category} #", "#")


@dataclass(frozen=True, slots=True)
class RelationKind:
    """A relation type and the categories of its ends; none named, any."""

    name: str
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()

    def links(self, head: Entity, tail: Entity) -> bool:
        """Whether it may lead from one entity to the other."""
        return (not self.heads or head.category in self.heads) and (not self.tails or tail.category in self.tails)


@dataclass(frozen=True, slots=True)
class MarkedPair:
    """A head and a tail in their text: the pieces, and where the marks of both begin among them."""

    head: Entity
    tail: Entity
    ids: NDArray[np.int64]
    head_at: int
    tail_at: int


def allowed_pairs(layer: Layer, kinds: Sequence[RelationKind]) -> Iterator[tuple[Entity, Entity]]:
    """The ordered pairs of placed entities that some relation type may lead from and to."""
    placed = [entity for entity in layer.entities if entity.fragments]
    for head in placed:
        for tail in placed:
            if head is not tail and any(kind.links(head, tail) for kind in kinds):
                yield head, tail


class PairMarker:
    """Writes marks around the ends of a pair, with as much text around it as the room holds."""

    def __init__(self, splitter: Splitter, *, room: int) -> None:
        self._splitter = splitter
        self._room = room
        self._known: dict[str, NDArray[np.int64]] = {}

    def __call__(self, text: Pieces, head: Entity, tail: Entity) -> MarkedPair | None:
        """The pair in its text; None where both do not fit into the room."""
        import numpy as np

        starts = [text.words[word][0] for word in text.word_of]
        if not starts:
            return None
        marks = []
        for entity, (before, after) in ((head, HEAD), (tail, TAIL)):
            # An entity that begins within a word is marked around the word.
            first = bisect_left(starts, starts[max(0, bisect_right(starts, entity.start) - 1)])
            last = bisect_left(starts, entity.end)
            marks.append((first, self._pieces(before.format(category=entity.category.replace("_", " ")))))
            marks.append((max(last, first + 1), self._pieces(after)))
        inside = min(marks[0][0], marks[2][0]), max(marks[1][0], marks[3][0])
        spare = self._room - sum(len(pieces) for _, pieces in marks) - (inside[1] - inside[0])
        if spare < 0:
            return None
        start = max(0, min(inside[0] - spare // 2, len(text.ids) - (inside[1] - inside[0]) - spare))
        end = min(len(text.ids), inside[1] + spare - (inside[0] - start))
        parts: list[NDArray[np.int64]] = []
        begins = [0] * len(marks)
        at = start
        # What ends somewhere is closed before what begins there is opened.
        for number in sorted(range(len(marks)), key=lambda number: (marks[number][0], number % 2 == 0)):
            place, pieces = marks[number]
            parts.append(text.ids[at:place])
            begins[number] = sum(map(len, parts))
            parts.append(pieces)
            at = place
        parts.append(text.ids[at:end])
        return MarkedPair(head, tail, np.concatenate(parts), begins[0], begins[2])

    def _pieces(self, mark: str) -> NDArray[np.int64]:
        if mark not in self._known:
            self._known[mark] = self._splitter([mark])[0].ids
        return self._known[mark]
