"""The regions of the prediction that an annotator started with and removed."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from annotation.label_studio.api.client import Json
from annotation.label_studio.editor.controls import MAIN, EditorSide


def starting_prediction(found: Json, task: Json) -> Json | None:
    """The prediction that an annotation started with: as it was then if that is known, or as it is now."""
    number = found.get("parent_prediction")
    if number is None:
        # The server embeds a prediction of the task here too, also where the annotator did not start with it.
        return None
    embedded = found.get("prediction")
    if isinstance(embedded, dict) and embedded.get("id") == number and isinstance(embedded.get("result"), list):
        return embedded
    return next((prediction for prediction in task.get("predictions", ()) if prediction["id"] == number), None)


def removed_regions(found: Json, task: Json, side: EditorSide = MAIN) -> list[JsonValue]:
    """The regions of that prediction that are not in one side of the annotation: id, category, start and end."""
    shown = starting_prediction(found, task)
    remaining = {id for id, _ in _regions(found.get("result"), side)}
    regions = _regions(shown.get("result"), side) if shown else iter(())
    return [{"id": side.own_id(id), **_category_and_offsets(value)} for id, value in regions if id not in remaining]


def _regions(result: object, side: EditorSide) -> Iterator[tuple[str, Json]]:
    for part in result if isinstance(result, list) else ():
        if isinstance(part, dict) and (part.get("type"), part.get("from_name")) == ("labels", side.labels):
            id, value = part.get("id"), part.get("value")
            if isinstance(id, str) and isinstance(value, dict):
                yield id, value


def _category_and_offsets(value: Json) -> dict[str, JsonValue]:
    labels = value.get("labels")
    region: dict[str, JsonValue] = {"category": None}
    if isinstance(labels, list) and labels and isinstance(labels[0], str):
        region["category"] = labels[0]
    for name in ("start", "end"):
        number = value.get(name)
        region[name] = number if type(number) is int else None
    return region
