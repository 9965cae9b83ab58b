"""A text with marks around some of its entities, as much of it as a window holds: for training and for asking.

The marks are signs that every tokenizer has, with the category's name between them (typed markers, Zhou and Chen
2022), so that no new pieces have to be learnt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.record import Entity
from curation.tagging.words import Pieces, Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What stands before and after an entity.
Mark = tuple[str, str]
#: The marks of the head and the tail of a relation.
HEAD: Mark = ("@ {category} @", "@")
TAIL: Mark = ("# {category} #", "#")


@dataclass(frozen=True, slots=True)
class MarkedPieces:
    """Pieces of a text and of the marks in it.

    begins: where the marks of each entity begin among them; pieces: the number of the text's piece at each place, -1
    for a piece of a mark.
    """

    ids: NDArray[np.int64]
    begins: tuple[int, ...]
    pieces: NDArray[np.int64]


class EntityMarker:
    """Writes marks around entities, with as much text around all of them as the room holds."""

    def __init__(self, splitter: Splitter) -> None:
        self._splitter = splitter
        self._known: dict[str, NDArray[np.int64]] = {}

    def __call__(self, text: Pieces, ends: Sequence[tuple[Entity, Mark]], *, room: int) -> MarkedPieces | None:
        """The entities in their text; None where they do not fit into the room together.

        A discontinuous entity is marked as one, from its first fragment to its last.
        """
        import numpy as np

        starts = [text.words[word][0] for word in text.word_of]
        if not starts:
            return None
        marks = []
        for entity, (before, after) in ends:
            # An entity that begins within a word is marked around the word.
            first = bisect_left(starts, starts[max(0, bisect_right(starts, entity.start) - 1)])
            last = bisect_left(starts, entity.end)
            marks.append((first, self._pieces(before.format(category=entity.category.replace("_", " ")))))
            marks.append((max(last, first + 1), self._pieces(after)))
        inside = min(place for place, _ in marks[::2]), max(place for place, _ in marks[1::2])
        spare = room - sum(len(pieces) for _, pieces in marks) - (inside[1] - inside[0])
        if spare < 0:
            return None
        start = max(0, min(inside[0] - spare // 2, len(text.ids) - (inside[1] - inside[0]) - spare))
        end = min(len(text.ids), inside[1] + spare - (inside[0] - start))
        parts: list[NDArray[np.int64]] = []
        numbers: list[NDArray[np.int64]] = []
        begins = [0] * len(marks)
        at = start
        # What ends somewhere is closed before what begins there is opened.
        for number in sorted(range(len(marks)), key=lambda number: (marks[number][0], number % 2 == 0)):
            place, pieces = marks[number]
            parts.append(text.ids[at:place])
            begins[number] = sum(map(len, parts))
            parts.append(pieces)
            numbers += [np.arange(at, place), np.full(len(pieces), -1)]
            at = place
        parts.append(text.ids[at:end])
        numbers.append(np.arange(at, end))
        return MarkedPieces(np.concatenate(parts), tuple(begins[::2]), np.concatenate(numbers))

    def _pieces(self, mark: str) -> NDArray[np.int64]:
        if mark not in self._known:
            self._known[mark] = self._splitter([mark])[0].ids
        return self._known[mark]
