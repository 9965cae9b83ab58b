"""What Label Studio exports as JSON comes in without a mapping: one layer a person."""

from __future__ import annotations

import csv
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


def test_nested_choices_are_read_with_all_their_steps(tmp_path: Path) -> None:
    nested = said("a", "code") | {"value": {"choices": [["R", "R50"]]}}
    tree = {"id": "x", "from_name": "topic", "to_name": "text", "type": "taxonomy"}
    tree["value"] = {"taxonomy": [["Innere", "Lunge"], ["Notfall"]]}  # type: ignore[assignment]
    results = [span("a", "Fieber", "symptom"), nested, tree]
    (found,) = read(written(tmp_path, TASK | {"predictions": [], "annotations": [{"id": 1, "result": results}]}))
    assert isinstance(found, Read)
    (layer,) = found.layers
    assert layer.entities[0].attributes == {"code": "R / R50"}
    assert layer.labels == {"topic": "Innere / Lunge; Notfall"}


def least(**more: Any) -> dict[str, Any]:
    """A row of JSON-MIN, with the columns that the server adds."""
    added = {"annotation_id": 3, "created_at": "2026-11-30T10:00:00Z", "updated_at": "2026-11-30T10:00:00Z"}
    return {"text": TEXT, "language": "de", "ward": "A", "id": 7, **more, **added, "lead_time": 4.2}


def test_the_least_form_comes_in_by_person_with_what_it_says_of_places(tmp_path: Path) -> None:
    spans = [span("", "Dyspnoe", "symptom")["value"], span("", "Fieber", "symptom")["value"]]
    dyspnoea = {name: spans[0][name] for name in ("start", "end", "text")}
    anna = least(
        label=spans,
        assertion=[dyspnoea | {"choices": ["negated"]}],
        topic=[{"taxonomy": [["Innere", "Lunge"]]}],
        urgent={"choices": ["yes", "now"]},
        smoker="never",
        annotator="anna@x.org",
    )
    found = list(read(written(tmp_path, anna, least(label=spans[1:], annotator=4))))
    first, second = (item for item in found if isinstance(item, Read))
    assert len(found) == 2
    assert [item.layers[0].name for item in (first, second)] == ["human:anna@x.org", "human:label-studio-4"]
    assert first.record.id == second.record.id
    assert second.record.meta == {"source_id": "7", "ward": "A"}
    assert first.record.meta["smoker"] == "never"
    assert [(entity.category, entity.text, entity.assertion) for entity in first.layers[0].entities] == [
        ("symptom", "Dyspnoe", Assertion.NEGATED),
        ("symptom", "Fieber", Assertion.PRESENT),
    ]
    assert first.layers[0].labels == {"topic": "Innere / Lunge", "urgent": "yes; now"}


def test_a_table_of_the_server_comes_in_as_the_least_form_does(tmp_path: Path) -> None:
    row = least(label=json.dumps([span("", "Fieber", "symptom")["value"]]), annotator="4")
    path = tmp_path / "project.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(row))
        table.writeheader()
        table.writerow(row)
    (found,) = read(path)
    assert isinstance(found, Read)
    (layer,) = found.layers
    assert (layer.name, [entity.text for entity in layer.entities]) == ("human:label-studio-4", ["Fieber"])


def test_two_regions_at_one_place_stay_two_in_the_least_form(tmp_path: Path) -> None:
    fever = [span("", "Fieber", "symptom")["value"], span("", "Fieber", "finding")["value"]]
    (found,) = read(written(tmp_path, least(label=fever, annotator=4)))
    assert isinstance(found, Read)
    assert [entity.category for entity in found.layers[0].entities] == ["symptom", "finding"]


def test_what_the_least_form_has_no_place_for_is_said(tmp_path: Path) -> None:
    row = least(label=[span("", "Fieber", "symptom")["value"]], assertion=["negated", "possible"], annotator=4)
    (item, notice) = read(written(tmp_path, row))
    assert isinstance(item, Read)
    assert isinstance(notice, Notice)
    assert "assertion" in notice.what


def test_a_task_that_nobody_has_finished_is_a_text_alone(tmp_path: Path) -> None:
    (found,) = (item for item in read(written(tmp_path, TASK | {"annotations": []})) if isinstance(item, Read))
    assert found.layers == ()
