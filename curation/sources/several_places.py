"""Entities that came without offsets and whose wording stands in more places than the source names it."""

from __future__ import annotations

from collections import Counter

from curation.record import Alignment
from curation.sources.draft import Draft
from curation.sources.reading import Read
from curation.text.alignment import count_places


def first_of_several(draft: Draft, found: Read) -> int:
    """How many entities without offsets stand at the first of several places, when not all places are named."""
    sought = {entity.id for entity in draft.entities if entity.spans is None}
    named = Counter(
        (entity.category, entity.text.casefold())
        for layer in found.layers
        for entity in layer.entities
        if entity.id in sought and entity.alignment in {Alignment.EXACT, Alignment.FOLDED}
    )
    return sum(count for (_, wording), count in named.items() if count_places(wording, found.record.text) > count)
