"""What Label Studio exports as JSON comes in without a mapping: one layer a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.record import Assertion
from curation.sources import Notice, Problem, Read, read

TEXT = "Keine Dyspnoe, 👩 seit 3 Tagen Fieber."


def span(id: str, wording: str, *labels: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(wording)
    value = {"start": start, "end": start + len(wording), "text": wording, "labels": list(labels)}
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def said(id: str, name: str, *words: str, type: str = "choices") -> dict[str, Any]:
    key = {"choices": "choices", "textarea": "text"}[type]
    return {"id": id, "from_name": name, "to_name": "text", "type": type, "value": {key: list(words)}}


ANNA = [
    span("a", "Dyspnoe", "symptom", score=0.5),
    said("a", "assertion", "negated"),
    said("a", "grade", "mild"),
    span("b", "Fieber", "symptom", "finding"),
    span("c", "seit", "time"),
    span("c--2", "3 Tagen", "time"),
    said("b", "remark", "since when?", type="textarea"),
    {"type": "relation", "from_id": "b", "to_id": "c", "direction": "right", "labels": ["since"]},
    said("x", "urgent", "yes"),
]
FAR = span("a", "Fieber", "x") | {"value": {"start": 0, "end": 999, "labels": ["x"]}}
TASK = {
    "id": 7,
    "data": {"text": TEXT, "language": "de", "ward": "A"},
    "annotations": [
        {"id": 1, "completed_by": {"email": "anna@x.org"}, "result": ANNA},
        {"id": 2, "completed_by": 4, "result": [span("a", "Fieber", "symptom")]},
        {"id": 3, "completed_by": 5, "was_cancelled": True, "result": [span("a", "Fieber", "symptom")]},
    ],
    "predictions": [{"model_version": "rules@1", "result": [span("p", "Dyspnoe", "symptom")]}],
}


def written(tmp_path: Path, *tasks: dict[str, Any]) -> Path:
    path = tmp_path / "project.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_each_persons_annotation_is_a_layer_of_theirs(tmp_path: Path) -> None:
    found = list(read(written(tmp_path, TASK)))
    anna, other = (item for item in found if isinstance(item, Read))
    assert anna.record == other.record
    assert (anna.record.text, anna.record.language, anna.record.meta["ward"]) == (TEXT, "de", "A")
    assert [item.layers[0].name for item in (anna, other)] == ["human:anna@x.org", "human:label-studio-4"]
    layer = anna.layers[0]
    assert [(entity.category, entity.text) for entity in layer.entities] == [
        ("symptom", "Dyspnoe"),
        ("symptom", "Fieber"),
        ("finding", "Fieber"),
        ("time", "seit 3 Tagen"),
    ]
    dyspnoea, fever = layer.entities[:2]
    assert (dyspnoea.assertion, dyspnoea.attributes, dyspnoea.score) == (Assertion.NEGATED, {"grade": "mild"}, 0.5)
    assert fever.attributes == {"remark": "since when?"}
    assert [(link.type, link.head, link.tail) for link in layer.relations] == [("since", "b", "c")]
    assert layer.labels == {"urgent": "yes"}
    assert anna.left_out == 1
    (notice,) = (item for item in found if isinstance(item, Notice))
    assert "predictions of a model" in notice.what


@pytest.mark.parametrize(
    ("change", "problem", "notice"),
    [
        ({"data": {"note": 3, "other": "x"}}, "expected text", ""),
        ({"annotations": [{"result": [{"type": "rectanglelabels", "value": {}}]}]}, "", "rectanglelabels"),
        ({"annotations": [{"result": [span("a", "Fieber", "x") | {"value": {"start": "/p[1]"}}]}]}, "", ""),
        ({"annotations": [{"result": [FAR]}]}, "offsets within the text", ""),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(tmp_path: Path, change, problem: str, notice: str) -> None:
    found = list(read(written(tmp_path, TASK | {"predictions": []} | change)))
    problems = [item.what for item in found if isinstance(item, Problem)]
    notices = [item.what for item in found if isinstance(item, Notice)]
    assert bool(problem) == bool(problems)
    assert all(problem in what for what in problems)
    assert any(notice in what for what in notices) or not notice


def test_a_task_that_nobody_has_finished_is_a_text_alone(tmp_path: Path) -> None:
    (found,) = (item for item in read(written(tmp_path, TASK | {"annotations": []})) if isinstance(item, Read))
    assert found.layers == ()
