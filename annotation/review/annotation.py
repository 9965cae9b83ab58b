"""The annotations of a task, each with the layer that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue, ValidationError

from annotation.review.client import Json
from annotation.review.credentials import DOMAIN
from annotation.review.reading import Reading, read_result
from annotation.review.settings import ReviewSettings
from curation.errors import ContradictionError
from curation.record import Entity, Layer, check_layer
from curation.scheme import Scheme
from curation.stage import Item

#: How a layer by a person is named; a person's layer on a hidden repeat stands apart from their first.
HUMAN, REPEAT = "human:", "repeat:"

#: The one form of a time that Label Studio's filters take.
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation: its layer, if it has one, its verdict, and what of it was refused."""

    id: int
    updated: str
    was_cancelled: bool
    layer: Layer | None
    verdict: str | None
    reasons: tuple[str, ...]
    refused: tuple[str, ...]


def annotations_of(
    task: Json,
    item: Item,
    scheme: Scheme,
    users: Mapping[int, str],
    settings: ReviewSettings,
    *,
    project: str,
    kind: str = HUMAN,
) -> Iterator[Annotation]:
    """Each annotation of a task of the item's record; ``kind`` is what the names of the layers begin with."""
    shown = {
        entity.id: entity
        for name in reversed(settings.layers)
        if name in item.layers
        for entity in item.layers[name].entities
    }
    same_text = task["data"].get("text") == item.record.text
    for found in task["annotations"]:
        reading = read_result(found.get("result"), item.record, scheme, known=shown)
        layer = None
        if not same_text:
            reading.refused = ["the task's text is no longer the record's"]
        elif isinstance(found.get("result"), list):
            layer = _layer(found, task, item, reading, annotator(found, users), project=project, kind=kind)
        yield Annotation(
            id=int(found["id"]),
            updated=_time(found).strftime(TIME),
            was_cancelled=bool(found.get("was_cancelled")),
            layer=layer,
            verdict=reading.verdict if layer else None,
            reasons=reading.reasons,
            refused=tuple(reading.refused),
        )


def annotator(found: Json, users: Mapping[int, str]) -> str:
    """The name of who made an annotation: of our own accounts the name, of others the login."""
    by = found.get("completed_by")
    login = by.get("email") if isinstance(by, dict) else users.get(by) if isinstance(by, int) else None
    return str(login or "unknown").removesuffix(f"@{DOMAIN}")


def _layer(found: Json, task: Json, item: Item, reading: Reading, who: str, *, project: str, kind: str) -> Layer | None:
    try:
        layer = Layer(
            record_id=item.record.id,
            name=kind + who,
            author=HUMAN + who,
            entities=tuple(_in_order(reading.entities)),
            relations=tuple(reading.relations),
            labels=reading.labels,
            created=_time(found),
            provenance=_provenance(found, task, reading, project),
        )
        return check_layer(item.record, layer)
    except (ValidationError, ContradictionError):
        reading.refused.append("expected a layer without contradictions, got one that contradicts itself")
        return None


def _in_order(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity.spans, entity.category, entity.id))


def _provenance(found: Json, task: Json, reading: Reading, project: str) -> dict[str, JsonValue]:
    lead = found.get("lead_time")
    return {
        "project": project,
        "task": task["id"],
        "annotation": found["id"],
        "updated": _time(found).strftime(TIME),
        "lead_time": float(lead) if isinstance(lead, int | float) else None,
        "was_cancelled": bool(found.get("was_cancelled")),
        "ground_truth": bool(found.get("ground_truth")),
        "model_version": _model_version(found, task),
        "origins": dict(reading.origins),
        "verdict": reading.verdict,
        "reasons": list(reading.reasons),
        "comment": reading.comment,
        "refused": list(reading.refused),
    }


def _model_version(found: Json, task: Json) -> str | None:
    """Of the prediction that the annotator began with, if there was one and it is still there."""
    begun_with = found.get("parent_prediction")
    versions = {shown["id"]: shown["model_version"] for shown in task["predictions"]}
    version = versions.get(begun_with) if isinstance(begun_with, int) else None
    return version if isinstance(version, str) else None


def _time(found: Json) -> datetime:
    return datetime.fromisoformat(found["updated_at"]).astimezone(UTC)
