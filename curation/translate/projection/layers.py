"""A layer carried over to a translation: every entity is in it, where it stands or with its wording in the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import JsonValue

from curation.record import PROJECTION, Alignment, Entity, Fragment, Layer, Record, check_layer, wording
from curation.translate.projection.projected import Placement, ProjectionMethod, ProjectionState

#: What is counted beside states and methods.
ENTITIES, PART_OF_WORD = "entities", "part of a word"


def carried(
    layer: Layer,
    placements: Mapping[str, Placement],
    translation: Record,
    *,
    author: str,
    provenance: Mapping[str, JsonValue],
) -> Layer:
    """The layer on the translation, with attributes, relations, labels and codes; ids stay.

    placements: by entity id; an entity without one, or whose place was lost, keeps its wording and has no place. How
    each was found stands in the provenance (PROJECTION). Raises ContradictionError where a place does not fit the
    text.
    """
    found = {entity.id: placements.get(entity.id, Placement(ProjectionState.LOST)) for entity in layer.entities}
    made = Layer(
        record_id=translation.id,
        name=layer.name,
        author=author,
        entities=tuple(_entity(entity, found[entity.id], translation.text) for entity in layer.entities),
        relations=layer.relations,
        labels=layer.labels,
        provenance={
            **provenance,
            "carried_from": {"record": layer.record_id, "author": layer.author, "digest": layer.digest},
            PROJECTION: {id: placement.as_json() for id, placement in found.items()},
        },
    )
    return check_layer(translation, made)


def _entity(entity: Entity, placement: Placement, text: str) -> Entity:
    place = placement.place
    if place is None:
        lost = {"fragments": (), "alignment": Alignment.NONE, "alignment_score": 0.0}
        return Entity.model_validate(entity.model_dump() | lost)
    fragments = tuple(Fragment(start=start, end=end) for start, end in place.fragments)
    return entity.model_copy(
        update={
            "text": wording(text, place.fragments),
            "fragments": fragments,
            "alignment": Alignment.EXACT,
            "alignment_score": 1.0,
        }
    )


def is_carried(layer: Layer) -> bool:
    """Whether a layer was carried over from that of another record."""
    return PROJECTION in layer.provenance


def counts(layer: Layer) -> dict[str, Counter[str]]:
    """Of a layer that was carried over, by category: entities, agreed, disagreeing, lost, those by each method and
    those that are cut out of a word.
    """
    found = layer.provenance.get(PROJECTION)
    tallies: dict[str, Counter[str]] = {}
    for entity in layer.entities:
        how = found.get(entity.id) if isinstance(found, dict) else None
        if isinstance(how, dict):
            tally = tallies.setdefault(entity.category, Counter())
            tally.update([ENTITIES, str(how["state"])])
            tally.update([f"by {how['method']}"] if how["method"] else [])
            tally.update([PART_OF_WORD] if how["part_of_word"] else [])
    return tallies


def carried_states(layer: Layer) -> Counter[str]:
    """How many entities that were carried over from another record are in each state."""
    return sum(counts(layer).values(), Counter())


#: What is counted, in order.
STATES = tuple(state.value for state in ProjectionState)
METHODS = tuple(f"by {method.value}" for method in ProjectionMethod)
COUNTED = (ENTITIES, *STATES, *METHODS, PART_OF_WORD)
