"""What a record and its layer have lost on a way out and back, counted by looking at both; never from what a format
says of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from curation.record import Entity, Layer, Record

FIELDS = ("group", "source", "translation_of", "licence", "meta")
#: What came back and was never there.
INVENTED = "invented"


def differences(before: tuple[Record, Layer], after: tuple[Record, Layer] | None) -> Counter[str]:
    """How many things of each kind are missing or other after the way, in the words that exports use."""
    record, layer = before
    if after is None:
        return Counter({"records": 1})
    back, layer_back = after
    found: Counter[str] = Counter()
    found["texts"] = (record.id, record.language, record.text) != (back.id, back.language, back.text)
    found["fields of records"] = sum(getattr(record, name) != getattr(back, name) for name in FIELDS)
    pairs = _pairs(layer.entities, layer_back.entities)
    found["entities"] = len(layer.entities) - len(pairs)
    found[INVENTED] = len(layer_back.entities) - len(pairs)
    for entity, other in pairs:
        found += _of_entity(entity, other)
    ids = {entity.id: other.id for entity, other in pairs}
    links = Counter((link.type, link.head, link.tail) for link in layer_back.relations)
    same = Counter((link.type, ids.get(link.head, ""), ids.get(link.tail, "")) for link in layer.relations)
    found["relations"] = (same - links).total()
    found[INVENTED] += (links - same).total()
    found["document labels"] = len(layer.labels.items() - layer_back.labels.items())
    found[INVENTED] += len(layer_back.labels.items() - layer.labels.items())
    return +found


def _of_entity(entity: Entity, other: Entity) -> Counter[str]:
    same_words = (entity.text, entity.alignment, entity.alignment_score) == (
        other.text,
        other.alignment,
        other.alignment_score,
    )
    return Counter(
        {
            "places of entities": entity.spans != other.spans,
            "wordings that the text says otherwise": not same_words,
            "assertions": entity.assertion is not other.assertion,
            "attributes": len(entity.attributes.items() - other.attributes.items()),
            "codes": (Counter(entity.codes) - Counter(other.codes)).total(),
            "scores": entity.score != other.score,
            INVENTED: len(other.attributes.items() - entity.attributes.items())
            + (Counter(other.codes) - Counter(entity.codes)).total(),
        }
    )


def _pairs(entities: Iterable[Entity], others: Iterable[Entity]) -> list[tuple[Entity, Entity]]:
    """Each entity with the one of its category at its place (or of its wording), of the same id if there is such."""
    left: dict[tuple[object, ...], list[Entity]] = {}
    for other in others:
        left.setdefault(_key(other), []).append(other)
    pairs = []
    for entity in entities:
        candidates = left.get(_key(entity), [])
        if candidates:
            best = max(candidates, key=lambda other: (other.id == entity.id, not _of_entity(entity, other).total()))
            candidates.remove(best)
            pairs.append((entity, best))
    return pairs


def _key(entity: Entity) -> tuple[object, ...]:
    return (entity.category, entity.spans or entity.text)
