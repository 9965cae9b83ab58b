"""The annotations of a task, each with the layer that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue, ValidationError

from annotation.label_studio.api.client import Json
from annotation.label_studio.editor.controls import MAIN, Side
from annotation.label_studio.exchange.rejections import begun_with, rejected
from annotation.label_studio.exchange.result_parser import Reading, read_result
from annotation.label_studio.logins import annotator_of
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ContradictionError
from curation.record import Entity, Layer, check_layer
from curation.scheme import Scheme
from curation.stage import Item

#: How a layer by a person is named; a person's layer on a hidden repeat stands apart from their first.
HUMAN, REPEAT = "human:", "repeat:"

#: Seconds beyond which a lead time is somebody's joke: a year.
LONGEST_LEAD = 366 * 86_400

#: What reading something that nobody foresaw may raise.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

#: The one form of a time that Label Studio's filters take.
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation: its layer, if it has one, its verdict, and what of it was refused."""

    id: int
    task: int
    updated: str
    was_cancelled: bool
    layer: Layer | None
    verdict: str | None
    reasons: tuple[str, ...]
    refused: tuple[str, ...]
    #: What came, as it came.
    result: object = None


def annotations_of(
    task: Json,
    item: Item,
    scheme: Scheme,
    users: Mapping[int, str],
    settings: LabelStudioSettings,
    *,
    project: str,
    kind: str = HUMAN,
    side: Side = MAIN,
) -> Iterator[Annotation]:
    """Each annotation of a task that shows the item's record as one side's text.

    ``kind`` is what the names of the layers begin with.
    """
    shown = {
        entity.id: entity
        for name in reversed(settings.layers)
        if name in item.layers
        for entity in item.layers[name].entities
    }
    same_text = task["data"].get(side.text) == item.record.text
    for found in task["annotations"]:
        try:
            yield _annotation(found, task, item, scheme, users, shown, same_text, project=project, kind=kind, side=side)
        except UNREADABLE as error:
            yield _unreadable(found, task, error)


def _annotation(
    found: Json,
    task: Json,
    item: Item,
    scheme: Scheme,
    users: Mapping[int, str],
    shown: Mapping[str, Entity],
    same_text: bool,
    *,
    project: str,
    kind: str,
    side: Side,
) -> Annotation:
    reading = read_result(found.get("result"), item.record, scheme, known=shown, side=side)
    layer = None
    if not same_text:
        reading.refused = ["the task's text is no longer the record's"]
    elif isinstance(found.get("result"), list):
        layer = _layer(found, task, item, reading, annotator(found, users), project=project, kind=kind, side=side)
    return Annotation(
        id=int(found["id"]),
        task=int(task["id"]),
        updated=_time(found).strftime(TIME),
        was_cancelled=bool(found.get("was_cancelled")),
        layer=layer,
        verdict=reading.verdict if layer else None,
        reasons=reading.reasons,
        refused=tuple(reading.refused),
        result=found.get("result"),
    )


def _unreadable(found: Json, task: Json, error: Exception) -> Annotation:
    """An annotation of which nothing could be read: what it was kept aside by."""
    return Annotation(
        id=int(found["id"]),
        task=int(task["id"]),
        updated=str(found.get("updated_at")),
        was_cancelled=False,
        layer=None,
        verdict=None,
        reasons=(),
        refused=(f"expected an annotation, got something that cannot be read ({type(error).__name__})",),
        result=found.get("result"),
    )


def annotator(found: Json, users: Mapping[int, str]) -> str:
    """The name of who made an annotation: of our own accounts the name, of others the login."""
    by = found.get("completed_by")
    login = by.get("email") if isinstance(by, dict) else users.get(by) if isinstance(by, int) else None
    return annotator_of(str(login or "unknown"))


def _layer(
    found: Json, task: Json, item: Item, reading: Reading, who: str, *, project: str, kind: str, side: Side
) -> Layer | None:
    try:
        layer = Layer(
            record_id=item.record.id,
            name=kind + who,
            author=HUMAN + who,
            entities=tuple(_in_order(reading.entities)),
            relations=tuple(reading.relations),
            labels=reading.labels,
            created=_time(found),
            provenance=_provenance(found, task, reading, project, side),
        )
        return check_layer(item.record, layer)
    except (ValidationError, ContradictionError):
        reading.refused.append("expected a layer without contradictions, got one that contradicts itself")
        return None


def _in_order(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity.spans, entity.category, entity.id))


def _provenance(found: Json, task: Json, reading: Reading, project: str, side: Side) -> dict[str, JsonValue]:
    return {
        "project": project,
        "task": task["id"],
        "annotation": found["id"],
        "updated": _time(found).strftime(TIME),
        "lead_time": _lead_time(found.get("lead_time")),
        "was_cancelled": bool(found.get("was_cancelled")),
        "ground_truth": bool(found.get("ground_truth")),
        "model_version": _model_version(found, task),
        "origins": dict(reading.origins),
        "rejected": rejected(found, task, side),
        "verdict": reading.verdict,
        "reasons": list(reading.reasons),
        "quality": reading.quality,
        "comment": reading.comment,
        "refused": list(reading.refused),
    }


def _model_version(found: Json, task: Json) -> str | None:
    """Of the prediction that the annotator began with, if there was one and it is still there."""
    version = (begun_with(found, task) or {}).get("model_version")
    return version if isinstance(version, str) else None


def _lead_time(seconds: object) -> float | None:
    if isinstance(seconds, int | float) and 0 <= seconds < LONGEST_LEAD:
        return float(seconds)
    return None


def _time(found: Json) -> datetime:
    return datetime.fromisoformat(found["updated_at"]).astimezone(UTC)
