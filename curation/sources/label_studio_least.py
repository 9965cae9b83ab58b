"""Rows that Label Studio exported as JSON-MIN or CSV: an annotation a row, its results by the names of controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.sources.label_studio import SAYING
from curation.sources.row_shapes import decoded

#: The columns by which such a row is known, beside those of its data and controls; all but the first stay out of it.
OF_THE_ANNOTATION = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")
#: A further one that some versions write.
AGREEMENT = "agreement"


def least_task(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same as a task with one annotation; None for any other row.

    The form has no ids of regions, so what a control says of a region is known by its place. A choice alone stands
    in it as a plain value, like data: it stays with them.
    """
    if not all(name in values for name in OF_THE_ANNOTATION):
        return None
    data, results = {}, []
    for name, value in values.items():
        if name in OF_THE_ANNOTATION or name == AGREEMENT:
            continue
        found = list(_results(name, decoded(value)))
        results += found
        if not found:
            data[name] = value
    places = {_place(result): result["id"] for result in results if result["type"] == "labels"}
    for result in results:
        if result["type"] != "labels":  # regions of one place stay two
            result["id"] = places.get(_place(result), result["id"])
    annotator = str(values["annotator"])
    annotation = {"completed_by": int(annotator) if annotator.isdecimal() else annotator, "result": results}
    return {"id": values.get("id"), "data": data, "annotations": [annotation]}


def _results(name: str, value: Any) -> Iterator[dict[str, Any]]:
    """The results of a control; none where the column is no control's."""
    items = value if isinstance(value, list) else [value]
    kinds = [_kind(item) for item in items]
    if not all(kinds):
        return
    for number, (item, kind) in enumerate(zip(items, kinds, strict=True), start=1):
        yield {"id": f"{name}-{number}", "from_name": name, "type": kind, "value": item}


def _kind(item: Any) -> str | None:
    """The type of a result, by the key of its value."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("labels"), list) and "start" in item and "end" in item:
        return "labels"
    return next((kind for kind, key in SAYING.items() if isinstance(item.get(key), list | int | float)), None)


def _place(result: Mapping[str, Any]) -> tuple[Any, Any] | str:
    """Where a result stands; its own id where it stands nowhere."""
    value = result["value"]
    return (value["start"], value["end"]) if "start" in value and "end" in value else str(result["id"])
