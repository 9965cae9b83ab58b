"""Whether the translation's layer has as many entities as the original's, category by category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from curation.author import PEOPLE, layer_kind
from curation.record import PROJECTION, Alignment, Layer


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
    # Models find more in one language than in the other.
    return is_projected(original, translation) or (
        original.name == translation.name and layer_kind(original.name, original.author) in PEOPLE
    )


def is_projected(original: Layer, translation: Layer) -> bool:
    """Whether a layer was carried over from this one's record, here or elsewhere."""
    carried = translation.provenance.get("carried_from") if PROJECTION in translation.provenance else None
    of = carried.get("record") if isinstance(carried, dict) else None
    return of == original.record_id or original.record_id in translation.provenance.values()


def disagreeing(translation: Layer) -> list[str]:
    """The entities of a layer that was carried over here of which two methods say other places."""
    return [id for id, state in _states(translation).items() if state == "disagreeing"]


def sure(translation: Layer) -> Layer:
    """Of a layer that was carried over here, the entities of which two methods say the same place; else all."""
    states = _states(translation)
    if not states:
        return translation
    kept = tuple(entity for entity in translation.entities if states.get(entity.id) == "agreed")
    return translation.model_copy(update={"entities": kept, "relations": ()})


def _states(translation: Layer) -> dict[str, str]:
    """What is known of the places of a layer that was carried over here, by the entities' ids."""
    found = translation.provenance.get(PROJECTION)
    noted = found if isinstance(found, dict) else {}
    return {
        entity.id: str(how.get("state"))
        for entity in translation.entities
        if isinstance(how := noted.get(entity.id), dict)
    }


def parity(original: Layer, translation: Layer) -> Parity:
    """The difference of the two; what could not be found in the translation's text is not there."""
    ours = Counter(entity.category for entity in original.entities)
    theirs = Counter(entity.category for entity in translation.entities if entity.alignment is not Alignment.NONE)
    return Parity(ours - theirs, theirs - ours, ours.total())
