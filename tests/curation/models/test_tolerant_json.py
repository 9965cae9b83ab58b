"""The object in an answer, whatever a model puts around it."""

from __future__ import annotations

import pytest

from curation.models.tolerant_json import read_object


@pytest.mark.parametrize(
    ("text", "content", "repairs"),
    [
        ('{"a": 1}', {"a": 1}, []),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}, []),
        ('Here it is:\n```json\n{"a": 1}\n```', {"a": 1}, ["words around the JSON"]),
        ('{"a": [1, 2,],}', {"a": [1, 2]}, ["trailing commas"]),
        ('Sure! {"a": "1,]", "b": 2,}', {"a": "1,]", "b": 2}, ["words around the JSON", "trailing commas"]),
        ("[1]", None, []),
        ("no JSON", None, ["trailing commas"]),
        ('{"a": ' + "[" * 100_000, None, ["trailing commas"]),
    ],
)
def test_an_object_is_read_with_the_repairs_it_took(text, content, repairs):
    assert read_object(text) == (content, repairs)
