"""The annotations of a task, each with the layer that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue, ValidationError

from annotation.label_studio.api.client import Json
from annotation.label_studio.editor.controls import MAIN, TRANSLATION, EditorSide
from annotation.label_studio.editor.task_summary import shown_text
from annotation.label_studio.exchange.rejections import removed_regions, starting_prediction
from annotation.label_studio.exchange.result_parser import ParsedResult, parse_result
from annotation.label_studio.logins import annotator_of
from curation.author import human
from curation.errors import ContradictionError
from curation.record import Entity, Layer, check_layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.translate.corrected import WRITTEN

#: Longer lead times, in seconds, are not believed: a year.
LONGEST_LEAD = 366 * 86_400

#: What parsing an annotation of unexpected form may raise.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

#: The only format of a time that Label Studio's filters accept.
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation: its layer, if it has one, its verdict, and the reasons for parts that were refused."""

    id: int
    task: int
    updated: str
    was_cancelled: bool
    layer: Layer | None
    verdict: str | None
    reasons: tuple[str, ...]
    refused: tuple[str, ...]
    #: The name of the layer of the person who made the annotation, where another one saved it last.
    taken_from: str | None = None
    #: The annotation as Label Studio sent it.
    found: Json = field(default_factory=dict)
    #: Why it is in doubt whose it is.
    doubts: tuple[str, ...] = ()


def annotations_of(
    task: Json,
    item: Item,
    scheme: Scheme,
    users: Mapping[int, str],
    layers: Sequence[str],
    *,
    project: str,
    named: Callable[[str], str] = human,
    side: EditorSide = MAIN,
) -> Iterator[Annotation]:
    """Each annotation of a task that shows the item's record as one side's text.

    ``layers`` are those that may have been shown, the best first; ``named`` gives the layer's name for a person's.
    """
    shown = {
        entity.id: entity for name in reversed(layers) if name in item.layers for entity in item.layers[name].entities
    }
    same_text = task["data"].get(side.text) in (item.record.text, shown_text(item.record.text))
    for found in task["annotations"]:
        try:
            yield _annotation(
                found, task, item, scheme, users, shown, same_text, project=project, named=named, side=side
            )
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
    named: Callable[[str], str],
    side: EditorSide,
) -> Annotation:
    parsed = parse_result(found.get("result"), item.record, scheme, shown=shown, side=side)
    layer = taken_from = None
    if parsed.translation is None and parsed.verdict is not None and side is MAIN and task["data"].get(TRANSLATION):
        # The page sends the text with each answer, but an empty one.
        parsed.translation = ""
    if not same_text:
        parsed.refused = ["the task's text is no longer the record's"]
    elif isinstance(found.get("result"), list):
        who = annotator(found, users)
        first = author_of(found, users)
        # Without an author, it is the first word of the person who saved it.
        taken_from = named(first) if first != who and found.get("completed_by") is not None else None
        layer = _layer(found, task, item, parsed, who, users, project=project, named=named, side=side)
    return Annotation(
        id=int(found["id"]),
        task=int(task["id"]),
        updated=_time(found).strftime(TIME),
        was_cancelled=bool(found.get("was_cancelled")),
        layer=layer,
        verdict=parsed.verdict if layer else None,
        reasons=parsed.reasons,
        refused=tuple(parsed.refused),
        taken_from=taken_from,
        found=found,
    )


def _unreadable(found: Json, task: Json, error: Exception) -> Annotation:
    """An annotation that could not be parsed at all, with the error as its reason."""
    return Annotation(
        id=int(found["id"]),
        task=int(task["id"]),
        updated=str(found.get("updated_at")),
        was_cancelled=False,
        layer=None,
        verdict=None,
        reasons=(),
        refused=(f"expected an annotation, got something that cannot be read ({type(error).__name__})",),
        found=found,
    )


def annotator(found: Json, users: Mapping[int, str]) -> str:
    """Who saved an annotation last, whose word it is: the name of an account of ours, the login of any other.

    Everybody may change everybody's answers in Label Studio, which keeps only the last state.
    """
    return _name(found.get("updated_by"), users) or author_of(found, users)


def author_of(found: Json, users: Mapping[int, str]) -> str:
    """Who made an annotation, whoever changed it since."""
    return _name(found.get("completed_by"), users) or "unknown"


def _name(user: object, users: Mapping[int, str]) -> str | None:
    """The name of a user, whom Label Studio tells by a number or in full; None where it is not told or not known."""
    login = user.get("email") if isinstance(user, dict) else users.get(user) if isinstance(user, int) else None
    return annotator_of(str(login)) if login else None


def _layer(
    found: Json,
    task: Json,
    item: Item,
    parsed: ParsedResult,
    who: str,
    users: Mapping[int, str],
    *,
    project: str,
    named: Callable[[str], str],
    side: EditorSide,
) -> Layer | None:
    try:
        layer = Layer(
            record_id=item.record.id,
            name=named(who),
            author=human(who),
            entities=tuple(_in_order(parsed.entities)),
            relations=tuple(parsed.relations),
            labels=parsed.labels,
            created=_time(found),
            provenance=_provenance(found, task, parsed, project, side) | {"made_by": author_of(found, users)},
        )
        return check_layer(item.record, layer)
    except (ValidationError, ContradictionError):
        parsed.refused.append("expected a layer without contradictions, got one that contradicts itself")
        return None


def _in_order(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity.spans, entity.category, entity.id))


def _provenance(found: Json, task: Json, parsed: ParsedResult, project: str, side: EditorSide) -> dict[str, JsonValue]:
    return {
        "project": project,
        "task": task["id"],
        "annotation": found["id"],
        "updated": _time(found).strftime(TIME),
        "lead_time": _lead_time(found.get("lead_time")),
        "was_cancelled": bool(found.get("was_cancelled")),
        "ground_truth": bool(found.get("ground_truth")),
        "model_version": _model_version(found, task),
        "origins": dict(parsed.origins),
        "rejected": removed_regions(found, task, side),
        "verdict": parsed.verdict,
        "reasons": list(parsed.reasons),
        "quality": parsed.quality,
        "comment": parsed.comment,
        "refused": list(parsed.refused),
        **({WRITTEN: parsed.translation} if parsed.translation is not None else {}),
    }


def _model_version(found: Json, task: Json) -> str | None:
    """The model version of the prediction that the annotator started with, if it is known."""
    version = (starting_prediction(found, task) or {}).get("model_version")
    return version if isinstance(version, str) else None


def _lead_time(seconds: object) -> float | None:
    if isinstance(seconds, int | float) and 0 <= seconds < LONGEST_LEAD:
        return float(seconds)
    return None


def _time(found: Json) -> datetime:
    return datetime.fromisoformat(found["updated_at"]).astimezone(UTC)
