"""Encodings: as stated, by a byte order mark, or offered with the command that would read the file."""

from __future__ import annotations

import pytest

from curation.errors import UsageError
from curation.sources import ReadOptions, read

GERMAN = "Rückenschmerzen seit drei Tagen, Größe 182 cm"
FILES = {
    "x.csv": f"id;text\n1;{GERMAN}\n",
    "x.jsonl": f'{{"id": "1", "text": "{GERMAN}"}}\n',
    "x.json": f'[{{"id": "1", "text": "{GERMAN}"}}]',
    "x.txt": GERMAN,
}


def german(**options) -> ReadOptions:
    return ReadOptions(language="de", **options)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "UTF-8"])
def test_a_stated_encoding_is_read(written, outcome, name, encoding):
    result = outcome(written(name, FILES[name].encode(encoding)), options=german(encoding=encoding))
    assert (result.texts, result.problems) == ([GERMAN], [])


@pytest.mark.parametrize("name", FILES)
def test_the_mapping_can_state_it_and_the_option_wins(written, outcome, name):
    path = written(name, FILES[name].encode("cp1252"))
    assert outcome(path, mapping={"encoding": "cp1252"}, options=german()).texts == [GERMAN]
    assert outcome(path, mapping={"encoding": "cp850"}, options=german(encoding="cp1252")).texts == [GERMAN]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_byte_order_mark_is_certain_and_said(written, outcome, name, encoding):
    result = outcome(written(name, FILES[name].encode(encoding)), options=german())
    assert (result.texts, result.problems) == ([GERMAN], [])
    assert result.noticed == [f"{name}: read as {encoding.upper()}, as its byte order mark says"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be"])
def test_what_is_likely_is_offered_with_its_command_and_never_taken(written, outcome, name, encoding):
    result = outcome(written(name, FILES[name].encode(encoding)), options=german())
    assert result.texts == []
    (said,) = result.said
    assert f"likely {encoding}, which is read by: curate import {name} --encoding {encoding}" in said


def test_a_broken_byte_in_utf_8_is_not_taken_for_another_encoding(written, outcome):
    content = f"id;text\n1;{GERMAN}\n2;Fieber ".encode() + b"\xff\n"
    result = outcome(written("x.csv", content), options=german())
    assert (result.texts, result.said) == ([GERMAN], ["x.csv:3: expected utf-8, got other bytes at byte 9"])


@pytest.mark.parametrize("name", FILES)
def test_utf_8_is_not_read_as_something_else(written, outcome, name):
    result = outcome(written(name, FILES[name]), options=german(encoding="cp1252"))
    assert result.texts == []
    assert result.said == [
        f"{name}: expected cp1252, got UTF-8, which is read by: curate import {name} --encoding utf-8"
    ]


def test_latin_1_has_no_letters_where_cp1252_has(written, outcome):
    result = outcome(written("x.txt", "Fieber – 39 °C".encode("cp1252")), options=german(encoding="latin-1"))
    assert result.said == [
        "x.txt: expected latin-1, got likely cp1252, which is read by: curate import x.txt --encoding cp1252"
    ]


def test_annotations_may_be_in_another_encoding_than_their_text(written, outcome):
    written("set/d.ann", "T1\tX 0 14\tRückenschmerz\n".replace("14", "13").encode("utf-16"))
    folder = written("set/d.txt", GERMAN).parent
    result = outcome(folder, options=german())
    assert result.entities == [("X", "Rückenschmerz", ((0, 13),))]
    assert result.noticed == ["d.ann: read as UTF-16, as its byte order mark says"]


def test_a_text_may_be_in_another_encoding_than_its_annotations(written, outcome):
    written("set/d.ann", "T1\tX 0 13\tRückenschmerz\n".encode())
    folder = written("set/d.txt", GERMAN.encode("utf-16")).parent
    result = outcome(folder, options=german())
    assert result.entities == [("X", "Rückenschmerz", ((0, 13),))]
    assert result.noticed == ["d.txt: read as UTF-16, as its byte order mark says"]


@pytest.mark.parametrize("stated", ["utf-16", "UTF16", "utf_16", "utf-16-le"])
def test_utf_16_without_a_mark_beside_annotations_in_utf_8(written, outcome, stated):
    written("set/d.ann", "T1\tX 0 13\tRückenschmerz\n".encode())
    folder = written("set/d.txt", GERMAN.encode("utf-16-le")).parent
    result = outcome(folder, options=german(encoding=stated))
    assert (result.entities, result.problems) == ([("X", "Rückenschmerz", ((0, 13),))], [])
    assert result.noticed == [f"d.ann: read as UTF-8, since it is not {stated}"]


@pytest.mark.parametrize("encoding", ["utf8-ish", "rot13", "base64"])
def test_an_unknown_encoding_is_an_error(tmp_path, encoding):
    with pytest.raises(UsageError, match="expected an encoding of text such as utf-8, cp1252, latin-1 or utf-16, got"):
        read(tmp_path, options=ReadOptions(encoding=encoding))
