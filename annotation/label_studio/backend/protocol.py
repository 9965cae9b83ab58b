"""Label Studio's requests and answers as plain values: what is asked about, and what is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Any

from annotation.label_studio.editor.config_values import config_values
from annotation.label_studio.editor.controls import LABELS, MAIN, ORIGINAL, TEXT, Side
from annotation.label_studio.editor.variants import flat, spans
from annotation.label_studio.editor.variants.spans import marks
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme

Json = dict[str, Any]


class UnknownRequestError(ValueError):
    """Label Studio has sent something that is not in its protocol."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for predictions: a record for each task (None for one without a text), and what was selected.

    Beside it stands the record's original, where the task has one.
    """

    records: tuple[Record | None, ...]
    originals: tuple[Record | None, ...]
    label_config: str
    selected: tuple[Json, ...] | None = None


def asked(body: object, *, language: str) -> Asked:
    """The request in a body; raises UnknownRequestError when there is none."""
    tasks = body.get("tasks") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(tasks, list):
        raise UnknownRequestError("expected an object with a list of tasks, got something else")
    config, params = body.get("label_config"), body.get("params")
    context = params.get("context") if isinstance(params, dict) else None
    return Asked(
        records=tuple(_record(task, MAIN, "language", language) for task in tasks),
        originals=tuple(_record(task, ORIGINAL, "original_language", language) for task in tasks),
        label_config=config if isinstance(config, str) else "",
        selected=_selected(context),
    )


def _selected(context: object) -> tuple[Json, ...] | None:
    """The regions that somebody has just drawn or selected; None where nobody works interactively."""
    drawn = context.get("result") if isinstance(context, dict) else None
    if not isinstance(drawn, list):
        return None
    return tuple(one for one in drawn if isinstance(one, dict) and isinstance(one.get("value"), dict))


def _record(task: object, side: Side, spoken_in: str, language: str) -> Record | None:
    """The record of a task's text; its id is that of its content, so that equal texts are annotated once."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get(side.text) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(text, str) or not text.strip() or "\x00" in text:
        return None
    spoken = data.get(spoken_in)
    language = spoken if isinstance(spoken, str) and spoken else language
    return Record(id=record_id(text, language=language), group="-", source="label-studio", language=language, text=text)


def predicted(
    record: Record,
    layer: Layer,
    scheme: Scheme,
    *,
    version: str,
    known: frozenset[str],
    beside: tuple[Record, Layer] | None = None,
) -> Json:
    """The layer as whatever the project's label config can show of it: Label Studio refuses the whole else.

    ``beside`` is what is said of the original, where that is shown beside a translation.
    """
    parts = [*spans.result(record, layer, scheme), *flat.result(record, layer, scheme)]
    if beside is not None:
        parts += marks(*beside, scheme, ORIGINAL)
    scores = [entity.score for entity in layer.entities if entity.fragments and entity.score is not None]
    return {
        "result": shown(parts, known),
        "score": round(fmean(scores), 6) if scores else 0.0,
        "model_version": version,
    }


def nothing(version: str) -> Json:
    """A prediction that says nothing."""
    return {"result": [], "score": 0.0, "model_version": version}


def shown(result: list[Json], known: frozenset[str]) -> list[Json]:
    """Those parts of a result whose controls and values the label config has."""
    fits = [part for part in result if part["type"] == "relation" or _says(part) <= known]
    regions = {part["id"] for part in fits if part["type"] == "labels"}
    return [part for part in fits if _hangs_on(part, regions)]


def _hangs_on(part: Json, regions: set[str]) -> bool:
    """Whether a relation has both its ends, and an assertion its region."""
    if part["type"] == "relation":
        return {part["from_id"], part["to_id"]} <= regions
    return "start" not in part["value"] or part["id"] in regions


def _says(part: Json) -> set[str]:
    """The control and values of a part, as `known_values` has them; for one that is written into, the control."""
    value: Mapping[str, Any] = part["value"]
    chosen = {f"{part['from_name']}: {one}" for one in (*value.get("labels", ()), *value.get("choices", ()))}
    return chosen or {str(part["from_name"])}


def known_values(label_config: str, scheme: Scheme) -> frozenset[str]:
    """What the project's label config can show; all of the scheme where none was sent."""
    if label_config:
        return _known(label_config)
    return frozenset(f"{LABELS}: {name}" for name in scheme.names)


@lru_cache(maxsize=16)
def _known(label_config: str) -> frozenset[str]:
    return frozenset(config_values(label_config))


def shows_original(known: frozenset[str]) -> bool:
    """Whether the label config has marks for the original of a translation."""
    return any(value.startswith(f"{ORIGINAL.labels}: ") for value in known)


def side_of(part: Json) -> Side | None:
    """The text that a selected part stands in; None for what is no stretch of a text."""
    value = part["value"]
    whole = type(value.get("start")) is int and type(value.get("end")) is int
    return next((side for side in (MAIN, ORIGINAL) if whole and part.get("to_name", TEXT) == side.text), None)
