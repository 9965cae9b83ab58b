"""A layer carried over to a translation: every entity is in it, where it stands or with its wording in the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import JsonValue

from curation.record import Alignment, Entity, Fragment, Layer, Record, check_layer, wording
from curation.translate.projection.projected import Placement, ProjectionState


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
    each was found stands in the provenance (`projection`). Raises ContradictionError where a place does not fit the
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
            "projection": {id: placement.as_json() for id, placement in found.items()},
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


def counts(layer: Layer, placements: Mapping[str, Placement]) -> dict[str, dict[str, int]]:
    """By category: entities carried over by each method, agreed, disagreeing, cut out of a word, lost."""
    tallies: dict[str, Counter[str]] = {}
    for entity in layer.entities:
        placement = placements.get(entity.id, Placement(ProjectionState.LOST))
        tally = tallies.setdefault(entity.category, Counter())
        tally[placement.state.value] += 1
        if placement.method is not None and placement.place is not None:
            tally[f"by {placement.method.value}"] += 1
            tally["part of a word"] += placement.place.is_part_of_word
    return {
        category: {name: count for name, count in sorted(tally.items()) if count} for category, tally in tallies.items()
    }
