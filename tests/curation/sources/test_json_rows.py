"""JSON in its shapes, and what happens when it is broken."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from curation.record import Record, record_id
from curation.sources import Lost, Read, ReadOptions, json_rows, read

GOOD = {"id": "a", "language": "en", "text": "No fever."}


def line(**values) -> str:
    return json.dumps({**GOOD, **values}, ensure_ascii=False) + "\n"


def test_a_line_becomes_a_record(written, outcome):
    row = {"id": 7, "language": "de", "text": "Kein Fieber 🩺.", "licence": "CC0", "source": "ward", "group": "p1",
           "age": 54, "score": float("nan"), "tags": ["x"]}  # fmt: skip
    path = written("notes.jsonl", json.dumps(row))
    assert outcome(path).records == [
        Record(
            id=record_id("Kein Fieber 🩺.", language="de", source_id="7"), group="p1", source="ward", language="de",
            text="Kein Fieber 🩺.", licence="CC0", meta={"source_id": "7", "age": 54},
        )
    ]  # fmt: skip


def test_options_win_over_columns_and_the_file_names_the_source(written, outcome):
    path = written("notes.jsonl", line(licence="CC0"))
    (plain,) = outcome(path).records
    (given,) = outcome(path, options=ReadOptions(language="de", licence="MIT", source_name="x")).records
    assert (plain.source, plain.licence, plain.language, plain.group) == ("notes", "CC0", "en", "a")
    assert (given.source, given.licence, given.language) == ("x", "MIT", "de")


def test_the_language_is_detected_where_nobody_says_it(written, outcome):
    german = "Die Patientin klagte über Schmerzen in der Brust und wurde mit dem Wagen gebracht."
    english = "The patient complained of pain in the chest and was brought to hospital by car."
    path = written("notes.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in (german, english)))
    assert [record.language for record in outcome(path).records] == ["de", "en"]


def test_the_same_file_twice_gives_the_same_ids(written, outcome):
    path = written("notes.jsonl", line() + line(id="b"))
    assert outcome(path).records == outcome(path).records


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('[{"text": "one", "language": "en"}, {"text": "two", "language": "en"}]', ["one", "two"]),
        ('{"text": "one", "language": "en", "entities": []}', ["one"]),
        ('{"version": 1, "data": [{"text": "one"}, {"text": "two"}]}', ["one", "two"]),
        ('{"a": {"text": "one"}, "b": {"text": "two"}}', ["one", "two"]),
        ('{"text": "one"}\n{"text": "two"}\n', ["one", "two"]),
        ("[]", []),
    ],
)
def test_json_comes_in_many_shapes(written, outcome, content, texts):
    result = outcome(written("x.json", content), options=ReadOptions(language="en"))
    assert (result.texts, result.problems) == (texts, [])


def test_a_mapping_says_where_the_rows_and_columns_are(written, outcome):
    path = written("x.json", '{"a": {"hits": [{"note": {"body": "one"}}]}, "n": 1}')
    mapping = {"rows": "a.hits", "text": "note.body", "language": {"value": "en"}}
    assert outcome(path, mapping=mapping).texts == ["one"]


def test_a_compressed_file_is_read_as_it_is(written, outcome):
    assert outcome(written("x.jsonl.gz", gzip.compress(line().encode()))).texts == ["No fever."]


def test_a_byte_order_mark_is_dropped_and_line_ends_inside_a_text_stay(written, outcome):
    path = written("x.jsonl", b"\xef\xbb\xbf" + line(text="a\r\nb\u2028c").encode())
    assert outcome(path).texts == ["a\r\nb\u2028c"]


def test_each_bad_line_is_named_and_the_good_ones_come_in(written, outcome):
    content = [
        line(text="one").encode(),
        b'{"id": "b", "text": "gr\xfcn"}\n',
        b'{"id": "c", "text": \n',
        b'["d"]\n',
        line(text="nul\x00").encode(),
        line(text="").encode(),
        b'{"id": "e", "text": "half \\ud83d"}\n',
        b'{"id": "f", "text": 5}\n',
        b"\n",
        b"[" * 100_000 + b"\n",
        line(text="two").encode(),
    ]
    result = outcome(written("x.jsonl", b"".join(content)), options=ReadOptions(language="en"))
    assert result.texts == ["one", "two"]
    assert result.said == [
        "x.jsonl:2: expected utf-8, got other bytes at byte 23, likely cp1252, which is read by: "
        "curate import x.jsonl --encoding cp1252",
        "x.jsonl:3: expected a JSON object, got something else: Expecting value at character 22",
        "x.jsonl:4: expected a JSON object, got an array",
        "x.jsonl:5: expected text without NUL characters, got one at character 3",
        "x.jsonl:6: expected text, got none",
        "x.jsonl:7: expected valid Unicode, got a broken character (byte or half of a pair) at character 5",
        "x.jsonl:8: expected text in the column text, got int",
        "x.jsonl:10: expected a JSON object, got one nested too deep",
    ]


def test_a_latin_file_is_read_when_the_encoding_is_given(written, outcome):
    path = written("x.jsonl", '{"text": "grün", "language": "de"}\n'.encode("cp1252"))
    assert outcome(path, options=ReadOptions(encoding="cp1252")).texts == ["grün"]


def test_a_line_of_fifty_megabytes_is_passed_over_without_being_held(written, outcome):
    path = written("x.jsonl", line().encode() + b'{"text": "' + b"x" * 50_000_000 + b'"}\n' + line(id="b").encode())
    tracemalloc.start()
    result = outcome(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [record.meta["source_id"] for record in result.records] == ["a", "b"]
    assert result.said == ["x.jsonl:2: expected at most 8388608 bytes in a line, got more: passed over"]
    assert peak < 30_000_000


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(written):
    def peak(rows: int) -> int:
        path = written(f"{rows}.jsonl", "".join(line(id=str(n), text=f"{n} fever " * 40) for n in range(rows)))
        tracemalloc.start()
        assert sum(isinstance(thing, Read) for thing in read(path)) == rows
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    small, large = peak(1_000), peak(4_000)
    assert large < small * 1.3


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_an_empty_file_is_one_problem(written, outcome, name):
    assert outcome(written(name, "")).said == [f"{name}: expected records, got an empty file"]


def test_a_truncated_array_brings_in_what_was_whole(written, outcome):
    rows = [line(id=str(n), text=f"text {n}").strip() for n in range(3_000)]
    whole = "[\n" + ",\n".join(rows) + "\n]"
    path = written("x.json", whole[: len(whole) - 40])
    result = outcome(path)
    assert len(result.records) == 2_999
    (problem,) = result.problems
    assert (problem.where, problem.lost) == (f"{path}:3001", Lost.FILE)
    assert problem.what.startswith("the JSON ends in the middle or is broken: ")
    assert problem.what.endswith("; 2999 records before it came in")


@pytest.mark.parametrize("end", ['{"text": "one", "language": "en"}', '{"text": "one", "language": "en"},', ""])
def test_an_array_without_an_end_is_a_problem(written, outcome, end):
    result = outcome(written("x.json", f'[{{"text": "zero", "language": "en"}},\n{end}'))
    assert result.texts == ["zero", "one"][: 2 if end else 1]
    assert len(result.problems) == 1
    assert ".json:2" in result.problems[0].where


def test_broken_bytes_in_an_array_end_the_file_there(written, outcome):
    content = b'[{"text": "one", "language": "en"},\n{"text": "gr\xfcn", "language": "de"}]'
    result = outcome(written("x.json", content))
    assert result.texts == ["one"]
    assert result.said == [
        "x.json:2: expected utf-8, got other bytes at byte 48, likely cp1252, which is read by: "
        "curate import x.json --encoding cp1252; 1 records before it came in"
    ]


def test_bad_items_of_an_array_are_named_by_their_lines(written, outcome):
    content = '[{"text": "one", "language": "en"},\n5,\n{"text": ""},\n{"text": "two", "language": "en"}]'
    result = outcome(written("x.json", content))
    assert result.texts == ["one", "two"]
    assert result.said == ["x.json:2: expected a JSON object, got a number", "x.json:3: expected text, got none"]


def test_an_array_is_read_in_pieces_of_any_size(written, outcome, monkeypatch):
    rows = [{"text": f'Größe {n} 🩺 \\ "quoted" ]}}', "language": "de", "n": n} for n in range(50)]
    path = written("x.json", json.dumps(rows, ensure_ascii=False, indent=1))
    for chunk in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_rows, "CHUNK", chunk)
        result = outcome(path)
        assert result.texts == [row["text"] for row in rows]
        assert result.problems == []


def test_an_object_larger_than_the_limit_is_read_member_by_member(written, outcome):
    rows = [{"text": f"text {n}", "language": "en"} for n in range(500)]
    path = written("x.json", json.dumps({"version": 1, "data": rows}))
    result = outcome(path, options=ReadOptions(line_limit=2_000))
    assert len(result.records) == 500


def test_wrong_columns_are_one_line_that_names_what_there_is(written, outcome):
    path = written("x.jsonl", '{"id": 1, "txet": "secret words"}\n' * 500)
    result = outcome(path, options=ReadOptions(columns={"text": "text"}))
    assert result.said == [
        "x.jsonl:1: expected a column text, got the columns id, txet; did you mean txet? (and so in all 100 rows read)"
    ]


def test_a_row_without_the_text_column_costs_that_row_only(written, outcome):
    result = outcome(written("x.jsonl", '{"id": 1}\n' + line(text="one") + '{"id": 2}\n'))
    assert result.texts == ["one"]
    assert [said.split(":")[1] for said in result.said] == ["1", "3"]


def test_no_problem_tells_what_the_text_says(written, outcome):
    content = b'{"text": "SECRET \xff"}\n{"text": "SECRET"\n{"text": ["SECRET"]}\n{"text": "SECRET\\u0000"}\n'
    entity = line(text="SECRET pain", entities=[{"label": "X", "start": 50, "end": 60, "text": "SECRET"}])
    result = outcome(written("x.jsonl", content + entity.encode()))
    assert len(result.problems) == 5
    assert not any("SECRET" in said for said in result.said)


def test_an_unreadable_file_is_one_problem(tmp_path, outcome):
    (tmp_path / "x.jsonl.gz").write_bytes(b"\x1f\x8bnot really")
    assert [said.split(":")[0] for said in outcome(tmp_path / "x.jsonl.gz", format="jsonl").said] == ["x.jsonl.gz"]
