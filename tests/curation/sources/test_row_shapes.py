"""Annotations in rows of many shapes: they come in, or one line says that a column was not understood."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = "No rash today. Severe headache, treated with ibuprofen; the headache went."
START, END = TEXT.index("headache"), TEXT.index("headache") + 8
ITEM = {"start": START, "end": END, "label": "sign"}
WHOLE = ("sign", "headache", ((START, END),))
LABELLED = {"start": 3, "end": 7, "label": "sign"}

SHAPES = {
    "list of objects": {"entities": [ITEM]},
    "list of lists": {"entities": [[START, END, "sign"]]},
    "pair and type": {"entities": [[[START, END], "sign"]]},
    "type first": {"entities": [["sign", START, END]]},
    "with a wording": {"entities": [[START, END, "headache", "sign"]]},
    "wording last": {"entities": [[START, END, "sign", "headache"]]},
    "null first": {"entities": [None, ITEM]},
    "by sentence": {"entities": [[], [ITEM]]},
    "parallel lists": {"entities": {"start": [START], "end": [END], "label": ["sign"]}},
    "parallel lists of spans": {"entities": {"offsets": [[START, END]], "type": ["sign"]}},
    "by id": {"entities": {"T9": ITEM}},
    "by type, objects": {"entities": {"sign": [{"start": START, "end": END}]}},
    "by type, pairs": {"entities": {"sign": [[START, END]]}},
    "by type, indices": {"entities": {"sign": [{"indices": [START, END]}]}},
    "by key of spans": {"spans": {"sc": [ITEM]}},
    "a single one": {"entities": ITEM},
    "inside": {"annotation": {"entities": [ITEM]}},
    "JSON in a string": {"entities": json.dumps([ITEM])},
    "Python in a string": {"entities": str([ITEM])},
    "ents": {"ents": [ITEM], "sents": [{"start": 0, "end": 14}], "tokens": [{"start": 0, "end": 2, "tag": "DT"}]},
    "other case": {"Entities": [{"BeginOffset": START, "EndOffset": END, "Type": "sign", "Text": "headache"}]},
    "one label in a list": {"label": [{"start": START, "end": END, "labels": ["sign"], "text": "headache"}]},
    "extractions": {
        "extractions": [
            {
                "extraction_class": "sign",
                "extraction_text": "headache",
                "char_interval": {"start_pos": START, "end_pos": END},
                "extraction_index": 1,
                "group_index": 0,
            }
        ]
    },
    "pipeline": {"entities": [{"entity_group": "sign", "word": "headache", "start": START, "end": END, "score": 0.9}]},
    "entity and type": {"entities": [{"entity": "headache", "type": "sign", "start": START, "end": END}]},
    "a row an annotation": {"start": START, "end": END, "label": "sign"},
    "a row a mention": {"mention": "headache", "offset": START, "type": "sign"},
    "beside an empty one": {"label": [], "entities": [ITEM]},
}
UNREAD = {
    "wordings without a type": {"entities": ["rash", "headache"]},
    "labels of the text": {"label": ["normal"]},
    "unequal lists": {"entities": {"start": [START, 3], "end": [END], "label": ["sign"]}},
    "broken JSON": {"entities": '[{"start": 3, "end"'},
    "broken JSON in a label": {"label": '[{"start": 3, "end"'},
    "a form of its own": {"annotations": "T1 sign 3 7"},
    "a number by type": {"entities": {"sign": 7}},
    "more tags than tokens": {"tokens": TEXT.split(), "ner_tags": ["O"] * 30},
    "two columns": {"entities": [ITEM], "spans": [LABELLED]},
    "an unknown column": {"findings": [ITEM]},
    "an unknown column by type": {"findings": {"sign": [{"start": START, "end": END}]}},
    "an unknown column in a string": {"findings": json.dumps([ITEM])},
    "answers around": {"quality": [{"user": "a", "value": [ITEM]}]},
    "events": {"events": [{"type": "sign", "trigger": {"text": "headache", "offsets": [[START, END]]}}]},
    "numbers for tags": {"tokens": TEXT.split(), "ner_tags": [0] * len(TEXT.split())},
}


def line(**values) -> str:
    return json.dumps({"id": "1", "language": "en", "text": TEXT, **values}) + "\n"


@pytest.mark.parametrize("values", SHAPES.values(), ids=SHAPES)
def test_annotations_come_in_from_every_shape(values, written, outcome):
    result = outcome(written("x.jsonl", line(**values)))
    assert (result.said, result.entities) == ([], [WHOLE])


@pytest.mark.parametrize("values", UNREAD.values(), ids=UNREAD)
def test_what_is_not_understood_is_one_line_for_the_source(values, written, outcome):
    result = outcome(written("x.jsonl", line(**values) + line(**values, id="2") if "id" not in values else ""))
    assert len(result.records) == 2
    (said,) = result.said
    assert said.startswith("x.jsonl:1: the column ")
    assert "holds something that was not understood: none of its annotations were read" in said
    assert said.endswith("(2 rows)")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"entities": []},
        {"entities": None},
        {"label": "normal"},
        {"label": 1, "annotation": "seen twice"},
        {"tags": ["a", "b"], "sections": [{"title": "x", "label": "y", "start": 0, "end": 14}]},
        {"vitals": {"bp": [120, 80]}, "chunks": [[0, 14]]},
        {"offset": 0, "length": len(TEXT), "label": "part"},
        {"start": "2020-01-01", "end": "2020-01-09", "label": "stay"},
        {"index": 3, "length": 12, "label": "x"},
        {"labels": {"smoking": "never"}},
        {"labels": [{"name": "smoking", "value": "never"}]},
    ],
)
def test_good_rows_raise_no_alarm(values, written, outcome):
    result = outcome(written("x.jsonl", line(**values)))
    assert (result.said, result.entities, len(result.records)) == ([], [], 1)


def test_labels_of_the_whole_text_come_in_as_such(written, outcome):
    rows = line(labels={"smoking": "never"}) + line(id="2", labels=[{"name": "smoking", "value": "former"}])
    result = outcome(written("x.jsonl", rows))
    assert [layer.labels for layer in result.layers] == [{"smoking": "never"}, {"smoking": "former"}]


def test_wordings_by_type_are_found(written, outcome):
    result = outcome(written("x.jsonl", line(entities={"sign": ["rash", "headache"], "drug": "ibuprofen; N/A"})))
    assert [(category, text) for category, text, _ in result.entities] == [
        ("sign", "rash"), ("sign", "headache"), ("drug", "ibuprofen"),
    ]  # fmt: skip
    assert [read.first_of_several for read in result.reads] == [1]


def test_a_cell_of_a_table_holds_annotations(written, outcome):
    table = io.StringIO()
    csv.writer(table).writerows([["id", "text", "label"], ["1", TEXT, json.dumps([{**ITEM, "labels": ["sign"]}])]])
    result = outcome(written("x.csv", table.getvalue()))
    assert (result.said, result.entities) == ([], [WHOLE])
    assert "label" not in result.records[0].meta


def test_rows_of_one_text_become_one_record(written, outcome):
    rows = [
        {"id": "1", "text": TEXT, "start": START, "end": END, "label": "sign"},
        {"id": "2", "text": "Another text.", "start": 8, "end": 12, "label": "sign"},
        {"id": "3", "text": TEXT, "start": 3, "end": 7, "label": "sign"},
    ]
    result = outcome(written("x.jsonl", "".join(json.dumps({**row, "language": "en"}) + "\n" for row in rows)))
    assert [len(layer.entities) for layer in result.layers] == [2, 1]
    assert [record.meta for record in result.records] == [{"source_id": "1"}, {"source_id": "2"}]
    assert result.noticed == ["x.jsonl:3: rows of one text with an id each were put together under the id of the first"]


def test_rows_of_two_documents_with_one_text_stay_apart(written, outcome):
    rows = [
        {"doc_id": id, "text": TEXT, "start": START, "end": END, "label": "sign", "language": "en"} for id in ("a", "b")
    ]
    result = outcome(written("x.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert [record.meta["source_id"] for record in result.records] == ["a", "b"]


def test_tokens_with_tags_are_put_into_the_text(written, outcome):
    rows = [
        {"tokens": ["Severe", "head", "ache"], "ner_tags": ["O", "B-sign", "I-sign"], "language": "en"},
        {"text": "No rash.", "tokens": ["No", "rash", "."], "tags": ["O", "B-sign", "O"], "language": "en"},
        {"text": "No rash.", "tokens": ["No", "fever", "."], "tags": ["O", "B-sign", "O"], "language": "en", "id": 3},
    ]
    result = outcome(written("x.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert result.entities == [("sign", "head ache", ((7, 16),)), ("sign", "rash", ((3, 7),))]
    assert result.texts[0] == "Severe head ache"
    assert result.said == [
        "x.jsonl:3: entity T1: expected the tokens in the order of the text, got one that is not in it"
    ]


def test_an_item_that_is_no_annotation_costs_itself_only(written, outcome):
    result = outcome(written("x.jsonl", line(entities=[7, ITEM, {"start": 3, "end": 7}])))
    assert result.entities == [WHOLE]
    assert result.said == [
        "x.jsonl:1: entity T1: expected an annotation with fields, got int",
        "x.jsonl:1: entity T3: expected a type, got none",
    ]


def test_relations_of_the_usual_columns_come_in(written, outcome):
    entities = [{"id": 1, "label": "drug", "start_offset": 45, "end_offset": 54}, {"id": 2, **ITEM}]
    ends = [
        {"from_id": 1, "to_id": 2},
        {"head": 1, "tail": 2},
        {"arg1_id": 1, "arg2_id": 2},
        {"head": 9, "child": 4, "head_span": {"start": 45, "end": 54}, "child_span": {"start": START, "end": END}},
    ]
    rows = "".join(
        line(id=str(n), entities=entities, relations=[{"type": "treats", **end}]) for n, end in enumerate(ends)
    )
    result = outcome(written("x.jsonl", rows))
    assert (result.said, result.relations) == ([], [("treats", "1", "2")] * 4)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"entities": [{"path": "spanz.*"}]}, "spanz.*, which the mapping names, got nothing in 2 rows"),
        ({"entities": [{"path": "entities.*.parts.*"}]}, "fields there: start, end, label"),
        ({"entities": [], "labels": {"smoking": "smoker"}}, "smoker, which the mapping names"),
        ({"entities": [], "group": "pat"}, "pat, which the mapping names"),
        ({"links": [{"path": "rels.*"}]}, "rels.*, which the mapping names"),
        ({"facts": {"path": "sumary"}}, "fields there: id, language, text, entities"),
    ],
)
def test_a_path_that_fits_nothing_is_a_problem_with_the_fields_that_exist(mapping, said, written, outcome):
    result = outcome(written("x.jsonl", line(entities=[ITEM]) + line(id="2", entities=[ITEM])), mapping=mapping)
    (problem,) = result.said
    assert said in problem


def test_a_path_that_fits_some_rows_or_may_fit_none_is_no_problem(written, outcome):
    mapping = {
        "entities": [{"path": "entities.*"}, {"path": "entities.*.parts.*"}, {"path": "more.*", "optional": True}],
    }
    result = outcome(written("x.jsonl", line() + line(id="2", entities=[ITEM])), mapping=mapping)
    assert (result.said, result.entities) == ([], [WHOLE])


@pytest.mark.parametrize(
    "entities", [[[[16, 21], "sign"]], {"start": [3, 4], "end": [7], "label": ["sign"]}, ["x"], "x", [[]], [{}], 7]
)
def test_lists_that_are_not_parallel_are_no_traceback(entities, written, outcome):
    result = outcome(
        written("x.jsonl", line(entities=entities) + line(id="2", entities={"start": [3], "end": [7], "label": ["s"]})),
        mapping={"entities": [{"path": "entities", "many": True}]},
    )
    assert result.entities[-1] == ("s", "rash", ((3, 7),))
    assert len(result.said) == 1


NAMES = st.sampled_from(
    ["start", "end", "span", "offsets", "label", "labels", "text", "type", "entities", "id", "result", "head", "x"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 90)
    | st.floats(allow_nan=False)
    | st.sampled_from(["sign", "rash", "[", "3"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
COLUMNS = st.dictionaries(
    st.sampled_from(
        ["entities", "label", "spans", "relations", "tokens", "ner_tags", "start", "end", "user", "x", "data"]
    ),
    VALUES,
    max_size=4,
)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(columns=COLUMNS, many=st.sampled_from([None, {"entities": [{"path": "entities", "many": True}]},
                                              {"entities": [{"path": "entities.*", "start": "start"}]}]))  # fmt: skip
def test_whatever_a_row_holds_it_ends_in_records_and_problems(columns, many, outcome):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.jsonl")
        path.write_text(line(**columns) + line(id="2"), encoding="utf-8")
        result = outcome(path, mapping=many)  # checks every layer
    assert not any("ends in" in said for said in result.said)
    assert not any("rash" in said for said in result.said)


def test_what_nobody_foresaw_in_a_row_costs_that_row(written, outcome, monkeypatch):
    from curation.sources import rows

    def broken(draft, values, *_):
        if values["id"] == "2":
            raise KeyError("headache")

    monkeypatch.setattr(rows, "add_annotations", broken)
    result = outcome(written("x.jsonl", line() + line(id="2") + line(id="3")))
    assert len(result.records) == 2
    assert result.said == ["x.jsonl:2: expected a row that can be read, got one that ends in KeyError"]


def test_a_row_with_offsets_and_no_type_is_said(written, outcome):
    rows = [{"text": TEXT, "start": START, "end": END, "label": None}, {"text": TEXT, "start": None, "label": None}]
    result = outcome(written("x.jsonl", "\n".join(map(json.dumps, rows))))
    assert result.entities == []
    assert result.said == ["x.jsonl:1: rows with offsets and no type: their annotations were not read"]


def test_a_row_may_give_its_type_as_a_number(written, outcome):
    row = {"text": TEXT, "start": START, "end": END, "label": 3}
    result = outcome(written("x.jsonl", json.dumps(row)), mapping={"otherwise": "keep"})
    assert (result.entities, result.problems) == ([("3", "headache", ((START, END),))], [])
