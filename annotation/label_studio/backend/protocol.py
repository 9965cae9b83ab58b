"""Label Studio's machine learning requests and answers as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Any, TypeGuard

from annotation.label_studio.editor.config_values import config_values
from annotation.label_studio.editor.controls import LABELS, MAIN, ORIGINAL, TEXT, EditorSide
from annotation.label_studio.editor.variants import flat, spans
from annotation.label_studio.editor.variants.spans import marks
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme

Json = dict[str, Any]

#: Halves of characters, which JSON can hold.
SURROGATES = re.compile("[\ud800-\udfff]")


class UnknownRequestError(ValueError):
    """A request that does not follow Label Studio's protocol."""


@dataclass(frozen=True, slots=True)
class PredictionRequest:
    """A request for predictions: a record for each task (None without a text), and the selected regions.

    ``originals`` are the records' originals, None for a task without one.
    """

    records: tuple[Record | None, ...]
    originals: tuple[Record | None, ...]
    label_config: str
    selected: tuple[Json, ...] | None = None


def parse_request(body: object, *, language: str) -> PredictionRequest:
    """The request in a body. Raises UnknownRequestError when there is none."""
    tasks = body.get("tasks") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(tasks, list):
        raise UnknownRequestError("expected an object with a list of tasks, got something else")
    config, params = body.get("label_config"), body.get("params")
    context = params.get("context") if isinstance(params, dict) else None
    return PredictionRequest(
        records=tuple(_record(task, MAIN, "language", language) for task in tasks),
        originals=tuple(_record(task, ORIGINAL, "original_language", language) for task in tasks),
        label_config=config if isinstance(config, str) else "",
        selected=_selected_regions(context),
    )


def _selected_regions(context: object) -> tuple[Json, ...] | None:
    """The regions that an annotator has just drawn or selected; None in a request that is not interactive."""
    drawn = context.get("result") if isinstance(context, dict) else None
    if not isinstance(drawn, list):
        return None
    return tuple(region for region in drawn if isinstance(region, dict) and isinstance(region.get("value"), dict))


def _record(task: object, side: EditorSide, language_key: str, language: str) -> Record | None:
    """The record of a task's text; its id is that of its content, so that equal texts are annotated once."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get(side.text) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not _is_text(text) or not text.strip() or "\x00" in text:
        return None
    given = data.get(language_key)
    language = given if _is_text(given) and given else language
    return Record(id=record_id(text, language=language), group="-", source="label-studio", language=language, text=text)


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is text that can be written as UTF-8: JSON may hold half of a pair of surrogates."""
    return isinstance(value, str) and not SURROGATES.search(value)


def prediction_body(
    record: Record,
    layer: Layer,
    scheme: Scheme,
    *,
    version: str,
    values: frozenset[str],
    beside: tuple[Record, Layer] | None = None,
) -> Json:
    """The layer's prediction with those parts that the label config can show: with others, Label Studio refuses it.

    ``beside`` is the original with its layer, where that is shown beside a translation.
    """
    parts = [*spans.result(record, layer, scheme), *flat.result(record, layer, scheme)]
    if beside is not None:
        parts += marks(*beside, scheme, ORIGINAL)
    scores = [entity.score for entity in layer.entities if entity.fragments and entity.score is not None]
    return {
        "result": displayable(parts, values),
        "score": round(fmean(scores), 6) if scores else 0.0,
        "model_version": version,
    }


def empty_prediction(version: str) -> Json:
    """A prediction without regions."""
    return {"result": [], "score": 0.0, "model_version": version}


def displayable(result: list[Json], values: frozenset[str]) -> list[Json]:
    """Those parts of a result whose controls and values the label config has."""
    fits = [part for part in result if part["type"] == "relation" or _values_of(part) <= values]
    regions = {part["id"] for part in fits if part["type"] == "labels"}
    return [part for part in fits if _is_attached(part, regions)]


def _is_attached(part: Json, regions: set[str]) -> bool:
    """Whether a relation has both its ends, and an assertion its region."""
    if part["type"] == "relation":
        return {part["from_id"], part["to_id"]} <= regions
    return "start" not in part["value"] or part["id"] in regions


def _values_of(part: Json) -> set[str]:
    """The values of a part in the form of `displayable_values`; for a control that is written into, the control."""
    value: Mapping[str, Any] = part["value"]
    chosen = {f"{part['from_name']}: {label}" for label in (*value.get("labels", ()), *value.get("choices", ()))}
    return chosen or {str(part["from_name"])}


def displayable_values(label_config: str, scheme: Scheme) -> frozenset[str]:
    """The values that the project's label config can show; the scheme's categories where no config was sent."""
    if label_config:
        return _config_values(label_config)
    return frozenset(f"{LABELS}: {name}" for name in scheme.names)


@lru_cache(maxsize=16)
def _config_values(label_config: str) -> frozenset[str]:
    return frozenset(config_values(label_config))


def shows_original(values: frozenset[str]) -> bool:
    """Whether the label config has labels for the original of a translation."""
    return any(value.startswith(f"{ORIGINAL.labels}: ") for value in values)


def side_of(part: Json) -> EditorSide | None:
    """The side of the editor that a selected region is in; None for a part that is no span."""
    value = part["value"]
    whole = type(value.get("start")) is int and type(value.get("end")) is int
    return next((side for side in (MAIN, ORIGINAL) if whole and part.get("to_name", TEXT) == side.text), None)
