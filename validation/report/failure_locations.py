"""Which entities and places of the text a decision blames: failures name them in the columns that stand beside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from curation.batches import batched
from curation.decision import Decision
from curation.record import Entity, Layer, Record
from curation.store import Store
from curation.store.engine import CHUNK
from validation.layers import checked_layer, preferred_layers
from validation.quarantine import failures_of
from validation.settings import ValidationSettings

#: How columns that hold ids of entities are called: several, or one.
SEVERAL, ONE = "_entities", "_entity"
#: How columns that hold places of the text are called, and how a place with its kind is written.
PLACES = "_places"
PLACE = re.compile(r"(?P<start>\d+)-(?P<end>\d+)(?::(?P<kind>\w+))?")
#: A failure of the text, not of an entity.
NO_CATEGORY = ""


@dataclass(frozen=True, slots=True)
class Blamed:
    """A failed record, and by expectation the entities that it failed for, none where the text is to blame."""

    record: Record
    layer: Layer | None
    entities: Mapping[str, tuple[Entity, ...]]


def blamed(store: Store, failed: Iterable[Decision], settings: ValidationSettings) -> Iterator[Blamed]:
    """Each failed record that is still there, streamed, in the order of the decisions."""
    reads = preferred_layers(store.layer_names(), settings)
    for decisions in batched(failed, CHUNK):
        items = {item.record.id: item for item in store.items(reads, ids=[one.record_id for one in decisions])}
        for decision in decisions:
            if decision.record_id in items:
                item = items[decision.record_id]
                layer = checked_layer(item, reads)
                yield Blamed(item.record, layer, _entities(decision, item.record, layer))


def by_category(found: Iterable[Blamed]) -> dict[str, Counter[str]]:
    """By expectation, how many blamed entities are in each category; records under "" where the text is to blame."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        for expectation, entities in one.entities.items():
            categories = [entity.category for entity in entities] or [NO_CATEGORY]
            counts.setdefault(expectation, Counter()).update(categories)
    return counts


def _entities(decision: Decision, record: Record, layer: Layer | None) -> dict[str, tuple[Entity, ...]]:
    known = {entity.id: entity for entity in layer.entities} if layer else {}
    failures = [failure for failure in failures_of(decision) if isinstance(failure, dict)]
    return {
        str(failure["expectation"]): (
            *(known[id] for id in _ids(failure.get("beside")) if id in known),
            *_places(failure.get("beside"), record.text),
        )
        for failure in failures
    }


def _ids(beside: JsonValue) -> list[str]:
    ids: list[str] = []
    for column, value in _columns(beside):
        if column.endswith(SEVERAL) and isinstance(value, list):
            ids += map(str, value)
        elif column.endswith(ONE) and value is not None:
            ids.append(str(value))
    return ids


def _places(beside: JsonValue, text: str) -> Iterator[Entity]:
    """What is blamed in the text and is no entity, as an entity of its kind, or of the column's name."""
    for column, value in _columns(beside):
        for place in value if column.endswith(PLACES) and isinstance(value, list) else ():
            start, end, kind = _place(place)
            if 0 <= start < end <= len(text):
                yield Entity.at(text, start, end, kind or column.removesuffix(PLACES), id=f"{column}-{start}")


def _place(place: JsonValue) -> tuple[int, int, str]:
    """Start, end and kind of "12-17:NAME" or of [12, 17]; nothing of anything else."""
    if isinstance(place, list) and len(place) == 2 and all(type(one) is int for one in place):
        return int(str(place[0])), int(str(place[1])), ""
    found = PLACE.fullmatch(str(place))
    return (int(found["start"]), int(found["end"]), found["kind"] or "") if found else (-1, -1, "")


def _columns(beside: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    yield from beside.items() if isinstance(beside, dict) else ()
