"""Pairs of entities that may have a relation, and their text with marks around both: for training and for asking.

All pairs that the relation types allow are given, most of them without a relation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.adapters.marked_text import HEAD, TAIL, EntityMarker
from curation.record import Entity, Layer
from curation.tagging.words import Pieces, Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
        self._mark = EntityMarker(splitter)
        self._room = room

    def __call__(self, text: Pieces, head: Entity, tail: Entity) -> MarkedPair | None:
        """The pair in its text; None where both do not fit into the room."""
        marked = self._mark(text, ((head, HEAD), (tail, TAIL)), room=self._room)
        return None if marked is None else MarkedPair(head, tail, marked.ids, *marked.begins)
