"""A record and its layer as one row that holds everything: what Hugging Face sets and tables have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from exports.losses import Capacity

#: Whatever a record and a layer can say has a column.
EVERYTHING = Capacity(
    unplaced=True,
    discontinuous=True,
    wordings=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    relations=True,
    labels=True,
)


def row(record: Record, layer: Layer, scheme: Scheme) -> dict[str, Any]:
    """The columns of a record, its layer's author, entities, relations and labels, and the flat view."""
    return record.model_dump(exclude={"meta"}) | {
        "meta": json.dumps(record.meta, ensure_ascii=False, sort_keys=True),
        "author": layer.author,
        "entities": [_entity(entity) for entity in layer.entities],
        "relations": [relation.model_dump() for relation in layer.relations],
        "labels": _pairs(layer.labels),
        "summary": scheme.flat(layer),
    }


def _entity(entity: Entity) -> dict[str, Any]:
    return entity.model_dump(mode="json") | {"attributes": _pairs(entity.attributes)}


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
