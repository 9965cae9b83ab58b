"""JSON values that know where they stand in the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.models.placed_json import decode_placed, spans_of
from curation.models.tolerant_json import read_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def leaves(value: object) -> list[object]:
    if isinstance(value, dict | list):
        return [leaf for part in (value.values() if isinstance(value, dict) else value) for leaf in leaves(part)]
    return [value]


@given(VALUES, st.booleans())
def test_values_are_those_of_the_json_module_and_stand_where_they_say(value, ascii_only):
    text = f"so: {json.dumps(value, ensure_ascii=ascii_only)} and so on"
    found, end = decode_placed(text, 4)
    assert found == json.loads(text[4:end], strict=False) == value
    for leaf in leaves(found):
        for span in spans_of(leaf, [str(leaf)]):
            if span is not None:
                written = text[slice(*span)]
                assert (json.loads(f'"{written}"') if isinstance(leaf, str) else json.loads(written)) == leaf


@pytest.mark.parametrize("text", ["", "{", '{"a"', '{"a": }', "[1,", "tru", '"open', "{'a': 1}", "\ufeff{}"])
def test_what_is_no_json_is_an_error_of_the_json_module(text):
    with pytest.raises(json.JSONDecodeError):
        decode_placed(text, 0)


def test_parts_of_a_string_are_found_in_order_with_their_escapes():
    text = json.dumps({"a": 'Fieber; "Schüttelfrost"; Fieber; 😀\n'})
    found, _ = decode_placed(text, 0)
    spans = spans_of(found["a"], ["Fieber", '"Schüttelfrost"', None, "Fieber", "Husten", "😀"])
    assert [span and text[slice(*span)] for span in spans] == [
        "Fieber",
        '\\"Sch\\u00fcttelfrost\\"',
        None,
        "Fieber",
        None,
        "\\ud83d\\ude00",
    ]
    assert spans[0] != spans[3]


@pytest.mark.parametrize(
    "text",
    [
        '{"v": "pain"}',
        ' \n```json\n{"v": "pain"}\n```  ',
        '<think>{"v": "gout"}</think> So: {"v": "pain",} Done.',
        'Here: {"result": {"v": "pain", }}',
        '{"v": "gout"} no, {"w": ["a,", "}"], "v": "pain",}',
    ],
)
def test_places_are_those_of_the_whole_answer_whatever_stands_around_the_json(text):
    def fits(content):
        return "v" in content

    plain, repaired = read_object(text, fits)
    content, same = read_object(text, fits, decode=decode_placed)
    assert (content, same) == (plain, repaired)
    (span,) = spans_of(content["v"], ["pain"])
    assert text[slice(*span)] == "pain"
    assert span[0] == text.rindex("pain")
