"""The object in an answer, whatever a model puts around it."""

from __future__ import annotations

import json

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
        ('[{"a": 1}]', None, []),
        ("no JSON", None, []),
        ('{"a": ' + "[" * 100_000, None, []),
        ('{"a": ' * 30_000, None, []),
    ],
)
def test_an_object_is_read_with_the_repairs_it_took(text, content, repairs):
    assert read_object(text) == (content, repairs)


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        ('<think>They ask for {"a": ...}, so I count.</think>\n{"a": 1}', []),
        ('<think>A draft: {"a": 2}. No.</think>{"a": 1}', []),
        ('A draft: {"a": 2}. No.</think>{"a": 1}', []),
        ('<thinking>{ {"a": 2}</thinking>\n```json\n{"a": 1}\n```\nDone.', []),
        ('<reasoning>Open {"a": 2</reasoning> {"a": 1}', []),
        ('<think>{"a": 3}</think>Hm.<think>{"a": 2}</think>{"a": 1}', []),
        ('{"a": 1}<think>Or was it {"a": 2}?</think>', []),
        ('[THINK]{"a": 2}[/THINK]{"a": 1}', []),
        ('Reasoning: {"step": "count", "seen": {"x": [1]}}\n{"a": 1}', []),
        ('Reasoning: {count, then {sum}}\n\n{"a": 1}', []),
        ('It is 5\'10" tall, {so} "quoted: {"a": 1}', []),
        ('<think>I think {"a": 1}', ["reasoning without an end"]),
        ('First {"a": 2}. Wait, no: {"a": 1}', ["several answers, the last one taken"]),
    ],
)
def test_the_answer_stands_behind_the_reasoning(text, repairs):
    content, found = read_object(text, lambda found: "a" in found)
    assert (content, found) == ({"a": 1}, ["words around the JSON", *repairs])


def test_a_draft_within_the_reasoning_is_no_answer():
    assert read_object('<think>Perhaps {"a": 1}.</think> I am done.', lambda found: "a" in found) == (None, [])


def test_a_tag_within_an_answer_is_a_word_of_it():
    text = '<think>So.</think> {"a": "the word </think> and <think>"}'
    assert read_object(text)[0] == {"a": "the word </think> and <think>"}


ITEM = {"text": "fever", "category": "c"}


def has_items(found):
    return isinstance(found.get("items"), list)


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        ('[{"text": "fever", "category": "c"}]', ["a list in place of an object"]),
        (
            '```json\n[{"text": "fever", "category": "c"},]\n```',
            ["words around the JSON", "trailing commas", "a list in place of an object"],
        ),
        ('Here: [{"text": "fever", "category": "c"}]', ["words around the JSON", "a list in place of an object"]),
        ('{"result": {"items": [{"text": "fever", "category": "c"}]}}', ["another object around the answer"]),
        ('[{"items": [{"text": "fever", "category": "c"}]}]', ["another object around the answer"]),
        (
            'Sure: {"a": {"b": {"items": [{"text": "fever", "category": "c"}]}}}',
            ["words around the JSON", "another object around the answer"],
        ),
        ('{"items": [{"text": "fever", "category": "c"}]} I left [{"text": "x"}] out.', ["words around the JSON"]),
    ],
)
def test_a_list_by_itself_and_an_object_around_the_answer_are_understood(text, repairs):
    assert read_object(text, has_items, list_key="items") == ({"items": [ITEM]}, repairs)


@pytest.mark.parametrize(
    "text",
    [
        '{"items": [{"text": "fever", "category": "c"}], "more": [{"te',
        '{"items": [{"text": "fever", "category": "c"}, {"text": "cou',
        '<think>[{"text": "fever", "category": "c"}]</think> Nothing.',
        '{"a": {"items": []}, "b": {"items": [1]}} x',
        "[] no findings",
    ],
)
def test_a_part_of_a_broken_answer_is_no_answer(text):
    content, _ = read_object(text, has_items, list_key="items")
    assert content is None or not has_items(content)


@pytest.mark.parametrize(
    ("text", "content", "repairs"),
    [
        ("{'a': 1}", {"a": 1}, ["single quotes"]),
        (
            "{'a': \"the patient's\", 'b': [True, False, None, -2.5], 'c': {'d': 'é\\n'},}",
            {"a": "the patient's", "b": [True, False, None, -2.5], "c": {"d": "é\n"}},
            ["single quotes"],
        ),
        ("{'a': true, 'b': null}", {"a": True, "b": None}, ["single quotes"]),
        ("```python\n{'a': 1}\n```", {"a": 1}, ["words around the JSON", "single quotes"]),
        ("Gern: {'a': '}{'} Fertig.", {"a": "}{"}, ["words around the JSON", "single quotes"]),
        ("{'a': 1, 'a': 2}", {"a": [1, 2]}, ["single quotes", "keys given twice"]),
        ("{'a': print(1)}", None, []),
        ("{'a': {1, 2}}", None, []),
        ("{'a': b'x'}", None, []),
        ("{1: 'a'}", None, []),
        ("{'a': 1", None, []),
        ("{'a': " * 30_000, None, []),
        ("{'a': " + "[" * 90 + "]" * 89, None, []),
    ],
)
def test_an_object_in_pythons_quotes_is_read_and_nothing_in_it_is_run(text, content, repairs):
    assert read_object(text) == (content, repairs)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('{"a": [{"b": 1}], "a": []}', {"a": [{"b": 1}]}),
        ('{"a": [], "a": [{"b": 1}]}', {"a": [{"b": 1}]}),
        ('{"a": "x", "a": "N/A"}', {"a": ["x", "N/A"]}),
        ('{"a": 1, "a": 2, "a": 3}', {"a": [1, 2, 3]}),
        ('{"a": {"b": "x", "b": "y"}}', {"a": {"b": ["x", "y"]}}),
    ],
)
def test_no_value_of_a_key_that_is_given_twice_is_lost(text, content):
    assert read_object(text) == (content, ["keys given twice"])
    assert read_object(f"So: {text[:-1]},}}") == (
        content,
        ["words around the JSON", "trailing commas", "keys given twice"],
    )


def test_a_key_given_twice_with_one_value_has_it():
    assert read_object('{"a": 1, "a": 1}') == ({"a": 1}, ["keys given twice"])


def test_an_answer_that_is_a_string_of_json_is_read_and_a_string_within_one_is_not():
    assert read_object(json.dumps('{"a": 1}')) == ({"a": 1}, ["JSON within a string"])
    # What a report says in braces may stand in a quote of it.
    quoted = json.dumps({"answer": '{"items": []}'})
    assert read_object(quoted, has_items)[0] == {"answer": '{"items": []}'}
