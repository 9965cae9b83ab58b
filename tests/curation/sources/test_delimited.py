"""CSV and TSV, whole and broken."""

from __future__ import annotations

import pytest

from curation.sources import ReadOptions, delimited

ENGLISH = ReadOptions(language="en")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_header(written, outcome, delimiter):
    content = delimiter.join(["id", "text", "age"]) + "\n" + delimiter.join(["1", '"fever, and\r\n""pain"""', "54"])
    (record,) = outcome(written("x.csv", content), options=ENGLISH).records
    assert (record.text, record.meta) == ('fever, and\r\n"pain"', {"source_id": "1", "age": "54"})


def test_broken_rows_are_named_and_the_others_come_in(written, outcome):
    content = b'id,text\n1,one\n2,too,many\n3\n\n4,gr\xfcn\n5,\n6,nul\x00\n7,"two\nlines"\n8,"bad"quote\n9,last\n'
    result = outcome(written("x.csv", content), options=ENGLISH)
    assert result.texts == ["one", "two\nlines", "last"]
    assert result.said == [
        "x.csv:3: expected 2 cells as in the header, got 3",
        "x.csv:4: expected 2 cells as in the header, got 1",
        "x.csv:6: expected utf-8, got other bytes at byte 4, likely cp1252, "
        "which is read by: curate import x.csv --encoding cp1252",
        "x.csv:7: expected text, got none",
        "x.csv:8: expected text without NUL characters, got one at character 3",
        "x.csv:11: expected a row of cells, got a broken one: ',' expected after '\"'",
    ]


def test_a_huge_cell_comes_in_up_to_the_limit(written, outcome):
    path = written("x.csv", "id,text\n1," + "x" * 200_000 + "\n2," + "y" * 400_000 + "\n3,z\n")
    result = outcome(path, options=ReadOptions(language="en", line_limit=300_000))
    assert [len(text) for text in result.texts] == [200_000, 1]
    assert result.said == ["x.csv:3: expected at most 300000 bytes in a line, got more: passed over"]


@pytest.mark.parametrize(
    ("content", "texts", "line", "fault"),
    [
        ('id,text\n1,one\n2,"open\n3,three\n', ["one", "three"], 3, "unexpected end of data"),
        ('id,text\n1,"open\n2,"two"\n3,three\n', ["two", "three"], 2, "',' expected after '\"'"),
        # The rest of a cell is no row, though some of its lines may look like one.
        ('id,text\n1,one\n2,"Fever, cough\nand, chills\nsince yesterday.\n', ["one"], 3,
         "unexpected end of data; the 2 lines after it are part of it"),
    ],
)  # fmt: skip
def test_an_unclosed_quote_costs_its_row(written, outcome, content, texts, line, fault):
    result = outcome(written("x.csv", content), options=ENGLISH)
    assert result.texts == texts
    assert result.said == [f"x.csv:{line}: expected a row of cells, got a broken one: {fault}"]


def test_a_quote_that_is_never_closed_ends_at_a_bound(written, outcome, monkeypatch):
    monkeypatch.setattr(delimited, "MOST_LINES", 5)
    rows = "".join(f"{number},text {number}\n" for number in range(2, 20))
    result = outcome(written("x.csv", f'id,text\n1,"open\n{rows}'), options=ENGLISH)
    assert result.texts == [f"text {number}" for number in range(2, 20)]
    assert result.said == ["x.csv:2: expected a row of cells, got a broken one: a quote is open for more than 5 lines"]


@pytest.mark.parametrize(
    ("content", "meta"),
    [
        ("sep=;\nid;text\n1;Fever, cough\n", {}),
        ('"sep=|"\r\nid|text\r\n1|Fever, cough\r\n', {}),
        ('SEP=,\nid,text\n1,"Fever, cough"\n', {}),
        ("id;text;;\n1;Fever, cough;;\n", {}),
        ("id;text\n1;Fever, cough;;\n", {}),
        ("id;text;;\n1;Fever, cough\n", {}),
        ('"nr, of, ward";id;text\n7;1;Fever, cough\n', {"nr, of, ward": "7"}),
        ("id;text;days, in, all\n1;Fever, cough;3\n", {"days, in, all": "3"}),
        (',id,text\n0,1,"Fever, cough"\n', {"column 1": "0"}),
    ],
)
def test_tables_as_excel_writes_them(written, outcome, content, meta):
    result = outcome(written("x.csv", content), options=ENGLISH)
    assert result.said == []
    (record,) = result.records
    assert (record.text, record.meta) == ("Fever, cough", {"source_id": "1", **meta})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "x.csv: expected records, got an empty file"),
        ("id,text,text\n1,a,b\n", "x.csv:1: expected each column once in the header, got one twice"),
        ("id,text\n", "x.csv:1: expected rows below the header, got none"),
        ("She had fever and pain in the knee;no header\n1;2\n", "x.csv:2: expected a column of text (text, report, "
         "note, note_text, content ...), got the columns (34 characters), no header"),
        ("id,note_txt\n1,one\n", "x.csv:2: expected a column note_text, got the columns id, note_txt; "
         "did you mean note_txt?"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_one_line(written, outcome, content, said):
    options = ReadOptions(language="en", columns={"text": "note_text"} if "note_txt" in content else {})
    assert outcome(written("x.csv", content), options=options).said == [said]


def test_labels_and_codes_come_from_columns(written, outcome):
    mapping = {
        "text": "body",
        "language": {"value": "en"},
        "id": {"columns": ["_stem", "n"], "join": ":"},
        "meta": [],
        "labels": {"class": {"columns": "c", "values": {"1": "good", "2": "bad"}}},
    }
    result = outcome(written("x.csv", "n,c,body,rest\n1,2,fever,x\n2,,cough,y\n"), mapping=mapping)
    assert [layer.labels for layer in result.layers] == [{"class": "bad"}]
    assert [record.meta for record in result.records] == [{"source_id": "x:1"}, {"source_id": "x:2"}]
