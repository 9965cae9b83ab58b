"""Where an annotation stands, by whatever names: at the right place, or a problem that names the fields."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sources.place_fields import place

TEXT = "Father had a fracture at 60. Today she has a fracture of the wrist, and pain."
WORDING = "fracture"
FIRST, START = TEXT.index(WORDING), TEXT.rindex(WORDING)
END = START + len(WORDING)

UNDERSTOOD = [
    {"von": START, "bis": END},
    {"anfang": START, "ende": END},
    {"start": START, "end": END},
    {"begin": START, "end": END},
    {"start": str(START), "end": float(END)},
    {"BeginOffset": START, "EndOffset": END},
    {"startOffset": START, "endOffset": END},
    {"start_char": START, "end_char": END},
    {"char_start": START, "char_end": END},
    {"startIndex": START, "endIndex": END},
    {"start_pos": START, "end_pos": END},
    {"span_start": START, "span_end": END},
    {"from": START, "to": END},
    {"offset": START, "length": len(WORDING)},
    {"Offset": START, "Length": len(WORDING)},
    {"start": START, "len": len(WORDING)},
    {"offset": START},
    {"start": START},
    {"span": [START, END]},
    {"offsets": [[START, END]]},
    {"indices": [START, END]},
    {"position": {"start": START, "end": END}},
    {"char_interval": {"start_pos": START, "end_pos": END}},
    {"location": {"offset": START, "length": len(WORDING)}},
    {"locations": [{"offset": START, "length": len(WORDING)}]},
    {"fragments": [{"start": START, "end": END}]},
    {"start": 9, "end": 10, "start_char": START, "end_char": END},
    {"token_start": 9, "token_end": 10, "start": START, "end": END},
    {"start": [START], "end": [END]},
]
NOT_UNDERSTOOD = [
    ({"token_start": 9, "token_end": 10}, "token_start"),
    ({"tokens": [9, 10]}, "tokens"),
    ({"token_indices": [9]}, "token_indices"),
    ({"a": START, "z": END}, "a"),
    ({"where": {"start": START, "end": END}}, "where"),
    ({"where": [START, END]}, "where"),
    ({"offsets": f"{START}-{END}"}, "offsets"),
    ({"position": START}, "position"),
    ({"end": END}, "end"),
    ({"start": [START, 60], "end": [END]}, "start"),
    ({"startLine": 3, "startColumn": 4}, "startLine"),
    ({"char_interval": [START, END, 1]}, "char_interval"),
]
NO_PLACE = [
    {},
    {"start": None, "end": None},
    {"char_interval": None, "extraction_index": 4, "group_index": 0},
    {"char_interval": {"start_pos": None, "end_pos": None}},
    {"score": 0.9, "rank": 3},
    {"range": "3.5-5.1", "location": "left wrist"},
    {"pos": "NOUN"},
    {"start_date": "2020-01-01", "onset_time": 1990},
]


@pytest.mark.parametrize("fields", UNDERSTOOD, ids=lambda fields: " ".join(fields))
def test_a_place_is_understood_by_its_fields(fields, written, outcome):
    entity = {"label": "sign", "text": WORDING, **fields}
    result = outcome(written("x.jsonl", json.dumps({"text": TEXT, "language": "en", "entities": [entity]})))
    assert result.said == []
    assert result.entities == [("sign", WORDING, ((START, END),))]


@pytest.mark.parametrize(("fields", "named"), NOT_UNDERSTOOD, ids=lambda value: str(value)[:30])
def test_what_looks_like_a_place_and_is_not_understood_is_a_problem_that_names_it(fields, named, written, outcome):
    entity = {"id": "a", "label": "sign", "text": WORDING, **fields}
    result = outcome(written("x.jsonl", json.dumps({"text": TEXT, "language": "en", "entities": [entity]})))
    assert result.entities == []
    (said,) = result.said
    assert said.startswith(f"x.jsonl:1: entity a: expected fields that say where it stands, got {named}")
    assert "in a --mapping (start, end)" in said


@pytest.mark.parametrize("fields", NO_PLACE, ids=lambda fields: " ".join(fields) or "none")
def test_a_wording_without_a_place_is_looked_for_and_counted_where_it_stands_twice(fields, written, outcome):
    entity = {"label": "sign", "text": WORDING, **fields}
    rows = [
        {"text": TEXT, "language": "en", "entities": [entity]},
        {"text": TEXT, "language": "en", "entities": [entity, {**entity, "label": "sign"}]},
        {"text": TEXT, "language": "en", "entities": [{**entity, "text": "pain"}]},
    ]
    path = written("x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    result = outcome(path)
    assert result.said == []
    assert result.entities == [
        ("sign", WORDING, ((FIRST, FIRST + len(WORDING)),)),
        ("sign", WORDING, ((FIRST, FIRST + len(WORDING)),)),
        ("sign", WORDING, ((START, END),)),
        ("sign", "pain", ((TEXT.index("pain"), TEXT.index("pain") + 4),)),
    ]
    assert [read.first_of_several for read in result.reads] == [1, 0, 0]


def test_fragments_with_their_wordings_are_one_entity(written, outcome):
    entity = {"type": "sign", "text": ["Father", "fracture"], "offsets": [[0, 6], [FIRST, FIRST + 8]]}
    result = outcome(written("x.jsonl", json.dumps({"text": TEXT, "language": "en", "entities": [entity]})))
    assert result.entities == [("sign", "Father fracture", ((0, 6), (FIRST, FIRST + 8)))]


def test_a_mapping_that_names_fields_which_are_not_there_guesses_nothing(written, outcome):
    entity = {"label": "sign", "text": WORDING, "start": START, "end": END}
    path = written("x.jsonl", json.dumps({"text": TEXT, "language": "en", "entities": [entity]}))
    result = outcome(path, mapping={"entities": [{"path": "entities.*", "start": "strt", "end": "end"}]})
    assert result.entities == []
    assert "got start, end, which look like a place" in result.said[0]


@given(
    start=st.sampled_from(["start", "begin", "Start", "BEGIN"]),
    end=st.sampled_from(["end", "stop", "End", "STOP"]),
    beside=st.sampled_from(["", "char", "offset", "charOffset", "pos", "index", "span", "tok", "x", "_", "9"]),
    joint=st.sampled_from(["", "_", "-", "."]),
    before=st.booleans(),
)
def test_no_name_of_a_field_lets_offsets_be_passed_over(start, end, beside, joint, before):
    names = [joint.join((beside, word) if before else (word, beside)) for word in (start, end)]
    found = place({names[0]: START, names[1]: END}, [WORDING])
    assert found.spans == ((START, END),) or set(names) <= set(found.unread)
