"""Who annotated, in the exports of annotation tools; and what they mark as not valid."""

from __future__ import annotations

import json

import pytest

from curation.sources import Lost, ReadOptions

TEXT = "She came with chills for two days and a stiff neck."
CHILLS, NECK = TEXT.index("chills"), TEXT.index("stiff neck")


def row(*spans, **values):
    return {"id": "1", "text": TEXT, "language": "en", "label": [list(span) for span in spans], **values}


def lines(*rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


ONE, OTHER = (CHILLS, CHILLS + 6, "sign"), (NECK, NECK + 10, "sign")


@pytest.mark.parametrize(
    "column", ["annotator", "user", "_annotator_id", "_session_id", "completed_by", "annotated_by"]
)
def test_each_annotator_has_a_layer(column, written, outcome):
    result = outcome(written("x.jsonl", lines(row(ONE, **{column: "anna"}), row(OTHER, **{column: "ben@x.org"}))))
    assert [(layer.name, layer.author) for layer in result.layers] == [
        ("human:anna", "human:anna"), ("human:ben@x.org", "human:ben@x.org"),
    ]  # fmt: skip
    assert column not in result.records[0].meta


def test_annotators_of_single_annotations_have_layers_of_their_own(written, outcome):
    spans = [
        {"start_offset": start, "end_offset": end, "label": label, "user": user}
        for (start, end, label), user in ((ONE, 1), (OTHER, 2), (ONE, 2))
    ]
    result = outcome(written("x.jsonl", lines({"id": "1", "text": TEXT, "language": "en", "annotations": spans})))
    assert [(layer.name, len(layer.entities)) for layer in result.layers] == [("human:1", 1), ("human:2", 2)]


@pytest.mark.parametrize(
    ("given", "layer"),
    [
        ("llm:m@prompt.v2", ("llm:m", "llm:m@prompt.v2")),
        ("gold", ("human:gold", "human:gold")),
        ("2024-05-01_12-30-00", ("gold", "gold")),
        ("How are you today, and what brings you to us at this late hour?", ("gold", "gold")),
        (None, ("gold", "gold")),
    ],
)
def test_what_names_nobody_names_no_layer(given, layer, written, outcome):
    result = outcome(written("x.jsonl", lines(row(ONE, user=given))))
    assert [(layer.name, layer.author) for layer in result.layers] == [layer]


def test_a_layer_that_was_asked_for_wins_and_a_mapping_names_the_column(written, outcome):
    path = written("x.jsonl", lines(row(ONE, user="anna", who="cleo")))
    assert [layer.name for layer in outcome(path, options=ReadOptions(layer="second")).layers] == ["second"]
    assert [layer.name for layer in outcome(path, mapping={"annotator": "who"}).layers] == ["human:cleo"]
    assert [layer.name for layer in outcome(path, options=ReadOptions(columns={"annotator": "who"})).layers] == [
        "human:cleo"
    ]


def test_a_user_without_annotations_stays_what_it_is(written, outcome):
    result = outcome(written("x.jsonl", lines({"id": "1", "text": TEXT, "language": "en", "user": "anna"})))
    assert (result.layers, result.records[0].meta["user"]) == ([], "anna")


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_prodigy_marks_as_not_accepted_is_left_out_and_said(answer, written, outcome):
    span = {"start": CHILLS, "end": CHILLS + 6, "label": "sign", "token_start": 3, "token_end": 3}
    task = {"text": TEXT, "spans": [span], "_input_hash": 1, "_task_hash": 2, "language": "en"}
    rows = [{**task, "answer": "accept"}, {**task, "answer": answer, "_task_hash": 3}]
    result = outcome(written("x.jsonl", lines(*rows)))
    assert [len(read.layers) for read in result.reads] == [1, 0]
    assert [read.left_out for read in result.reads] == [0, 1]
    assert result.noticed == [f"x.jsonl:2: the answer is {answer}: the annotations of the row were left out"]


def test_an_answer_to_a_question_is_no_verdict(written, outcome):
    result = outcome(written("x.jsonl", lines(row(ONE, answer="reject"))))
    assert len(result.layers) == 1


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
@pytest.mark.parametrize("text", [{"text": TEXT}, {}])
def test_with_a_mapping_tasks_of_label_studio_are_refused_in_one_line(name, text, written, outcome):
    result = {"value": {"start": 0, "end": 3, "labels": ["sign"]}, "from_name": "l", "to_name": "t", "type": "labels"}
    task = {"id": 1, "data": {"text": TEXT}, "annotations": [{"id": 4, "result": [result]}], "predictions": [], **text}
    content = json.dumps([task, task]) if name == "x.json" else lines(task, task)
    (problem,) = (found := outcome(written(name, content), mapping={"text": "data.text"})).problems
    assert (found.records, problem.lost) == ([], Lost.FILE)
    assert "got tasks exported from Label Studio" in problem.what


def test_short_exports_of_label_studio_come_in(written, outcome):
    label = [{"start": CHILLS, "end": CHILLS + 6, "text": "chills", "labels": ["sign"]}]
    rows = [{"id": 1, "text": TEXT, "label": label, "annotator": 3, "annotation_id": 8, "lead_time": 2.5}]
    result = outcome(written("x.json", json.dumps(rows)), options=ReadOptions(language="en"))
    assert [(layer.name, layer.entities[0].text) for layer in result.layers] == [("human:3", "chills")]
