"""A layer as the regions of a Label Studio prediction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean
from typing import Any

from annotation.review.label_config import ASSERTION, CONTINUES, DOCUMENT_LABEL, LABELS, TEXT
from curation.record import Assertion, Entity, Layer, Record
from curation.scheme import Scheme

Result = list[dict[str, Any]]

#: Between an entity's id and the number of its fragment, from the second fragment on.
FRAGMENT = "~"


def prediction(record: Record, layer: Layer, scheme: Scheme) -> dict[str, Any]:
    """The layer as a prediction: its author as the model version, a score for each region that has one.

    Entities that were not found in the text have no place in the editor and are left out.
    """
    placed = [entity for entity in layer.entities if entity.fragments]
    scores = [entity.score for entity in placed if entity.score is not None]
    made: dict[str, Any] = {"model_version": layer.author, "result": result(record, layer, scheme)}
    if scores:
        made["score"] = round(fmean(scores), 6)
    return made


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """Regions with their assertions, then relations, then document labels."""
    placed = {entity.id: entity for entity in layer.entities if entity.fragments}
    relations = {relation.name for relation in scheme.relations}
    regions = [region for entity in placed.values() for region in _regions(record, entity)]
    links = [
        _relation(relation.head, relation.tail, relation.type)
        for relation in layer.relations
        if relation.type in relations and relation.head in placed and relation.tail in placed
    ]
    return [*regions, *links, *_document_labels(layer, scheme)]


def _regions(record: Record, entity: Entity) -> Iterator[dict[str, Any]]:
    ids = [entity.id, *(f"{entity.id}{FRAGMENT}{number}" for number in range(2, len(entity.fragments) + 1))]
    for id, (start, end) in zip(ids, entity.spans, strict=True):
        place = {"start": start, "end": end, "text": record.text[start:end]}
        region: dict[str, Any] = {
            "id": id,
            "from_name": LABELS,
            "to_name": TEXT,
            "type": "labels",
            "value": place | {"labels": [entity.category]},
        }
        if entity.score is not None:
            region["score"] = entity.score
        yield region
    if entity.assertion is not Assertion.PRESENT:
        start, end = entity.spans[0]
        yield {
            "id": entity.id,
            "from_name": ASSERTION,
            "to_name": TEXT,
            "type": "choices",
            "value": {"start": start, "end": end, "choices": [entity.assertion.value]},
        }
    for head, tail in pairwise(ids):
        yield _relation(head, tail, CONTINUES)


def _relation(head: str, tail: str, type: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": [type]}


def _document_labels(layer: Layer, scheme: Scheme) -> Iterator[dict[str, Any]]:
    for label in scheme.labels:
        value = layer.labels.get(label.name)
        if value in label.values:
            name = DOCUMENT_LABEL + label.name
            yield {
                "id": name,
                "from_name": name,
                "to_name": TEXT,
                "type": "choices",
                "value": {"choices": [value]},
            }
