"""What an annotator was shown and took away: the prediction they began with, without what is left of it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from annotation.label_studio.api.client import Json
from annotation.label_studio.editor.controls import MAIN, Side


def begun_with(found: Json, task: Json) -> Json | None:
    """The prediction that an annotation began with, as it was then if that is known, or as it is now."""
    number = found.get("parent_prediction")
    if number is None:
        # The server embeds a prediction here too: one of the task's, whether anybody began with it or not.
        return None
    kept = found.get("prediction")
    if isinstance(kept, dict) and kept.get("id") == number and isinstance(kept.get("result"), list):
        return kept
    return next((one for one in task.get("predictions", ()) if one["id"] == number), None)


def rejected(found: Json, task: Json, side: Side = MAIN) -> list[JsonValue]:
    """The regions of that prediction which one side of the annotation has no more: id, category, start and end."""
    shown = begun_with(found, task)
    left = {id for id, _ in _regions(found.get("result"), side)}
    regions = _regions(shown.get("result"), side) if shown else iter(())
    return [{"id": id.removeprefix(side.prefix), **_place(value)} for id, value in regions if id not in left]


def _regions(result: object, side: Side) -> Iterator[tuple[str, Json]]:
    for part in result if isinstance(result, list) else ():
        if isinstance(part, dict) and (part.get("type"), part.get("from_name")) == ("labels", side.labels):
            id, value = part.get("id"), part.get("value")
            if isinstance(id, str) and isinstance(value, dict):
                yield id, value


def _place(value: Json) -> dict[str, JsonValue]:
    labels = value.get("labels")
    place: dict[str, JsonValue] = {"category": None}
    if isinstance(labels, list) and labels and isinstance(labels[0], str):
        place["category"] = labels[0]
    for name in ("start", "end"):
        number = value.get(name)
        place[name] = number if type(number) is int else None
    return place
