"""What an annotator took away of what they were shown."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.label_studio.editor.controls import MAIN, ORIGINAL
from annotation.label_studio.exchange.rejections import removed_regions, starting_prediction


def region(id: str, control: str = "label", start: int = 0) -> dict[str, Any]:
    value = {"start": start, "end": start + 5, "labels": ["diagnosis"]}
    return {"id": id, "from_name": control, "to_name": "text", "type": "labels", "value": value}


SHOWN = {
    "id": 7,
    "model_version": "rules@1",
    "result": [region("T1"), region("T2", start=9), region("original:T1", "original_label"), {"type": "relation"}],
}
TASK = {"predictions": [{"id": 6, "model_version": "other", "result": []}, SHOWN]}


def test_each_side_has_its_own() -> None:
    found = {"parent_prediction": 7, "result": [region("T1"), {"type": "labels"}, None]}
    assert removed_regions(found, TASK, MAIN) == [{"id": "T2", "category": "diagnosis", "start": 9, "end": 14}]
    assert removed_regions(found, TASK, ORIGINAL) == [{"id": "T1", "category": "diagnosis", "start": 0, "end": 5}]


def test_what_was_shown_then_counts_before_what_is_there_now() -> None:
    then = SHOWN | {"result": [region("T9")]}
    found = {"parent_prediction": 7, "prediction": then, "result": []}
    assert [one["id"] for one in removed_regions(found, TASK)] == ["T9"]
    # The server embeds one of the task's predictions also where nobody began with it.
    assert removed_regions(found | {"parent_prediction": None}, TASK) == []
    assert [one["id"] for one in removed_regions(found | {"prediction": then | {"id": 6}}, TASK)] == ["T1", "T2"]


@pytest.mark.parametrize("result", [None, 5, "x", {}, [None, 5, {"type": "labels", "from_name": "label", "id": []}]])
def test_garbage_is_nothing_that_was_left(result: Any) -> None:
    found = {"parent_prediction": 7, "result": result}
    assert [one["id"] for one in removed_regions(found, TASK)] == ["T1", "T2"]
    strange = {"id": 7, "result": result}
    assert removed_regions({"parent_prediction": 7, "result": []}, {"predictions": [strange]}) == []
    assert starting_prediction({"parent_prediction": 8}, TASK) is None
