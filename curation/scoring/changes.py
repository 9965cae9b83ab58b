"""The changes between two layers of a record: how many entities are kept, changed, removed and added."""

from __future__ import annotations

from dataclasses import dataclass

from curation.record import Entity, Layer
from curation.scoring.matching import Spans, overlapping_pairs

#: An entity's spans with its category and assertion; where one of these differs, it is changed.
Marking = tuple[Spans, str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """How many entities of a layer another one keeps as they are, changes, removes, and adds."""

    kept: int = 0
    changed: int = 0
    removed: int = 0
    added: int = 0

    @property
    def errors(self) -> int:
        """How many entities had to be touched."""
        return self.changed + self.removed + self.added

    @property
    def entities(self) -> int:
        """How many entities there are on either side, each counted once."""
        return self.kept + self.errors


def changes(before: Layer | None, after: Layer | None) -> Changes:
    """The changes that make the entities of one layer those of the other.

    An entity is kept when the other layer has the same spans, category and assertion; of the others, one
    that overlaps is a changed one (each used once), and the rest were removed or added. Entities without
    fragments are left out: editors do not show them.
    """
    old, new = markings(before), markings(after)
    unchanged = old & new
    left = sorted(spans for spans, _, _ in old - unchanged)
    right = sorted(spans for spans, _, _ in new - unchanged)
    changed = overlapping_pairs(left, right)
    return Changes(len(unchanged), changed, len(left) - changed, len(right) - changed)


def markings(layer: Layer | None) -> set[Marking]:
    """The markings of a layer's entities that have fragments."""
    return {marking_of(entity) for entity in (layer.entities if layer else ()) if entity.fragments}


def marking_of(entity: Entity) -> Marking:
    """An entity's spans with its category and assertion."""
    return entity.spans, entity.category, entity.assertion.value
