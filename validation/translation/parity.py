"""Whether the translation's layer has as many entities as the original's, category by category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from curation.author import PEOPLE, layer_kind
from curation.record import Alignment, Layer


@dataclass(frozen=True, slots=True)
class Parity:
    """How many entities of each category one side has more than the other."""

    lost: Counter[str]
    gained: Counter[str]
    total: int

    @property
    def share(self) -> float | None:
        """The share of the original's entities that the translation has too; None where there are none."""
        return round(1 - self.lost.total() / self.total, 4) if self.total else None


def of_one_making(original: Layer | None, translation: Layer | None) -> bool:
    """Whether two layers must have the same content: people's of one name, or one projected from the other's record."""
    if original is None or translation is None:
        return False
    projected = original.record_id in translation.provenance.values()
    # Models find more in one language than in the other.
    return projected or (original.name == translation.name and layer_kind(original.name, original.author) in PEOPLE)


def parity(original: Layer, translation: Layer) -> Parity:
    """The difference of the two; what could not be found in the translation's text is not there."""
    ours = Counter(entity.category for entity in original.entities)
    theirs = Counter(entity.category for entity in translation.entities if entity.alignment is not Alignment.NONE)
    return Parity(ours - theirs, theirs - ours, ours.total())
