"""Parquet files."""

from __future__ import annotations

import pytest

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def test_rows_come_in_with_their_annotations(tmp_path, outcome):
    rows = [
        {"id": n, "text": f"fever {n}", "language": "en", "entities": [{"label": "sign", "start": 0, "end": 5}]}
        for n in range(600)
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet", row_group_size=100)
    result = outcome(tmp_path / "x.parquet")
    assert result.problems == []
    assert result.texts == [row["text"] for row in rows]
    assert result.entities == [("sign", "fever", ((0, 5),))] * 600


def test_a_bad_row_is_named_by_its_number(tmp_path, outcome):
    rows = [{"text": "one", "language": "en"}, {"text": None, "language": "en"}, {"text": "two", "language": "en"}]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    result = outcome(tmp_path / "x.parquet")
    assert (result.texts, result.said) == (["one", "two"], ["x.parquet:2: expected text, got none"])


@pytest.mark.parametrize("content", [b"", b"PAR1 not parquet", b"id,text\n1,one\n"])
def test_what_is_no_parquet_is_one_problem(written, outcome, content):
    assert len(outcome(written("x.parquet", content)).problems) == 1


def test_a_truncated_file_is_one_problem(tmp_path, outcome):
    parquet.write_table(pa.Table.from_pylist([{"text": "one"}] * 1000), tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    (tmp_path / "x.parquet").write_bytes(whole[: len(whole) // 2])
    assert len(outcome(tmp_path / "x.parquet").problems) == 1


@pytest.mark.parametrize(
    "odd",
    [
        lambda: pa.array([253402300800000000, 0], pa.timestamp("us", tz="Europe/Berlin")),
        lambda: pa.array([253402300800000, 0], pa.timestamp("ms")),
        lambda: pa.array([-1_000_000, 0], pa.date32()),
        lambda: pa.array([[-1_000_000], [0]], pa.list_(pa.date32())),
        lambda: pa.array([{"at": -1_000_000}, {"at": 0}], pa.struct([("at", pa.date32())])),
        lambda: pa.array([2**62, 0], pa.duration("s")),
    ],
    ids=["year 10000 with a zone", "year 10000", "before year 1", "in a list", "in an object", "a long time"],
)
def test_values_that_python_cannot_hold_cost_no_row(odd, tmp_path, outcome):
    entities = pa.array([[{"label": "sign", "start": 0, "end": 5}]] * 2)
    table = pa.table({"text": ["fever", "fever 2"], "language": ["en", "en"], "odd": odd(), "entities": entities})
    parquet.write_table(table, tmp_path / "x.parquet")
    result = outcome(tmp_path / "x.parquet")
    assert (result.texts, result.said) == (["fever", "fever 2"], [])
    assert result.entities == [("sign", "fever", ((0, 5),))] * 2
    (said,) = (line for line in result.noticed if "not read" not in line)  # of a column of lists or objects
    assert "out of range in the column odd was " in said
