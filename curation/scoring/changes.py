"""What somebody changed in a layer: what was kept, changed, removed and added, entity by entity."""

from __future__ import annotations

from dataclasses import dataclass

from curation.record import Entity, Layer
from curation.scoring.matching import Spans, overlapping_pairs

#: What is said with an entity's place: another category or assertion is a change.
Said = tuple[Spans, str, str]


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

    An entity is kept when the other layer has the same places, category and assertion; of the others, one
    that overlaps is a changed one (each used once), and the rest were removed or added. Entities without
    a place in the text are left out: nobody who works in an editor sees them.
    """
    ours, theirs = said(before), said(after)
    kept = ours & theirs
    left = sorted(spans for spans, _, _ in ours - kept)
    right = sorted(spans for spans, _, _ in theirs - kept)
    changed = overlapping_pairs(left, right)
    return Changes(len(kept), changed, len(left) - changed, len(right) - changed)


def said(layer: Layer | None) -> set[Said]:
    """What a layer says of its placed entities."""
    return {what(entity) for entity in (layer.entities if layer else ()) if entity.fragments}


def what(entity: Entity) -> Said:
    """What is said of one entity."""
    return entity.spans, entity.category, entity.assertion.value
