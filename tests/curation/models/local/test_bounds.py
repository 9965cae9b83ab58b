"""Bounds of strings and lists in a schema."""

from __future__ import annotations

import pytest

from curation.models.local.bounds import ITEMS, STRING, bounded, shortest


def test_strings_and_lists_without_a_bound_get_one_and_others_keep_theirs():
    schema = {
        "type": "object",
        "properties": {
            "free": {"type": "string"},
            "short": {"type": "string", "maxLength": 5},
            "long": {"type": "string", "minLength": STRING + 1},
            "word": {"type": "string", "enum": ["a", "b"]},
            "maybe": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"type": "string"}},
            "few": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/item"}},
        },
        "$defs": {"item": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]}},
    }
    found = bounded(schema)
    assert found["properties"] == {
        "free": {"type": "string", "maxLength": STRING},
        "short": {"type": "string", "maxLength": 5},
        "long": {"type": "string", "minLength": STRING + 1, "maxLength": STRING + 1},
        "word": {"type": "string", "enum": ["a", "b"]},
        "maybe": {"type": ["string", "null"], "maxLength": STRING},
        "list": {"type": "array", "items": {"type": "string", "maxLength": STRING}, "maxItems": ITEMS},
        "few": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/item"}},
    }
    assert found["$defs"]["item"]["anyOf"] == [
        {"type": "string", "maxLength": STRING},
        {"type": "array", "items": {"type": "integer"}, "maxItems": ITEMS},
    ]
    assert list(found["properties"]) == list(schema["properties"])


def test_a_property_may_have_the_name_of_a_keyword():
    schema = {"type": "object", "properties": {"type": {"type": "string", "enum": ["a"]}, "items": {"type": "string"}}}
    assert bounded(schema)["properties"] == {
        "type": {"type": "string", "enum": ["a"]},
        "items": {"type": "string", "maxLength": STRING},
    }


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, ""),
        ({"type": "string", "minLength": 2}, "xx"),
        ({"type": "string", "enum": ["no", "possible"]}, "possible"),
        ({"type": "array", "items": {"type": "integer"}}, [0]),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [False, False]),
        ({"anyOf": [{"type": "string"}, {"const": "N/A"}]}, "N/A"),
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {}}}}, None),
    ],
)
def test_the_shortest_value_fits_the_schema(schema, value):
    assert shortest(schema) == (value if value is not None else {"a": "", "b": [False]})
