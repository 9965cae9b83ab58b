"""Whatever stands in a file: no traceback, every problem with its place, and nothing of the text in it."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.record import check_layer
from curation.sources import Notice, Problem, ReadOptions, read

pytestmark = pytest.mark.long

ROW = {
    "id": "1",
    "language": "en",
    "text": "fever and pain 🩺 ä",
    "entities": [{"id": "a", "label": "X", "start": 0, "end": 5}],
}
SUMMARY = {"report": "fever and pain", "summary": {"age": "N/A", "signs_symptoms": "fever; pain"}}
PUBTATOR = """1|t|Aspirin
1|a|helps.
1\t0\t7\tAspirin\tC\tD1|D2
1\t8\t13\thelps\tC\tD3
1\tR\tD1\tD3

"""
STANDOFF = """T1\tX 0 5\tfever
T2\tX 0 5;10 14\tfever pain
E1\tX:T1 Y:T2
R1\tZ Arg1:E1 Arg2:T2
*\tO T1 T2
A1\tN T1
#1\tN T1\tn
"""
GOOD = {
    "jsonl": ("x.jsonl", json.dumps(ROW, ensure_ascii=False) + "\n" + json.dumps(ROW) + "\n"),
    "json": ("x.json", json.dumps({"n": 1, "data": [ROW, ROW]}, ensure_ascii=False, indent=1)),
    "csv": ("x.csv", 'id,text\n1,"fever, and\npain"\n2,cough\n'),
    "text": ("x.txt", "fever and pain ä"),
    "pubtator": ("x.pubtator", PUBTATOR),
    "conll": ("x.conll", "fever\tB-X\nand\tO\n\npain\tB-X\nä\tI-X\n"),
    "elmtex": ("x.json", json.dumps([SUMMARY, SUMMARY])),
    "brat": ("x.ann", STANDOFF),
}  # fmt: skip
PIECES = [
    b"\x00",
    b"\xff",
    b'"',
    b"\n",
    b"\r",
    b"{",
    b"[",
    b"]",
    b"\t",
    b"9999999",
    b"-1",
    b"\\ud800",
    b",",
    b"\xef\xbb\xbf",
    b"null",
    b"1e999",
]
MUTATIONS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(PIECES)), min_size=1, max_size=6)


def mutated(content: bytes, mutations: list[tuple[int, int, bytes]], cut: int) -> bytes:
    """The content with pieces put in place of others, cut off somewhere."""
    for place, length, piece in mutations:
        at = place % (len(content) + 1)
        content = content[:at] + piece + content[at + length :]
    return content[: max(0, len(content) - cut)]


@pytest.mark.parametrize("format", GOOD)
@settings(max_examples=150, deadline=None)
@given(mutations=MUTATIONS, cut=st.integers(0, 60))
def test_nothing_that_a_file_holds_ends_in_a_traceback(format, mutations, cut):
    name, content = GOOD[format]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(mutated(content.encode(), mutations, cut))
        if format == "brat":
            Path(folder, "x.txt").write_text("fever and pain", encoding="utf-8")
        for found in read(path, format=format, options=ReadOptions(language="en", line_limit=100_000)):
            if isinstance(found, Problem | Notice):
                assert re.match(rf"{re.escape(folder)}/x\.\w+(?::\d+)?$", found.where)
                assert "\n" not in found.what
                assert "fever" not in found.what
            else:
                for layer in found.layers:
                    check_layer(found.record, layer)


@pytest.mark.parametrize("format", GOOD)
def test_the_good_file_has_no_problem(format, written, outcome):
    name, content = GOOD[format]
    if format == "brat":
        written("x.txt", "fever and pain")
    result = outcome(written(name, content), format=format, options=ReadOptions(language="en"))
    assert result.problems == []
    assert result.records


@pytest.mark.parametrize("content", [b"\x00" * 1_000, bytes(range(256)) * 40, b"\xff\xfeF\x00i\x00e\x00\x00\xd8"])
@pytest.mark.parametrize("format", [*GOOD, "parquet"])
def test_files_of_another_kind_are_problems(format, content, written, outcome):
    written("x.txt", "fever")
    names = {**{name: file for name, (file, _) in GOOD.items()}, "parquet": "x.parquet"}
    result = outcome(written(names[format], content), format=format, options=ReadOptions(language="en"))
    assert result.problems
    assert result.texts in ([], ["fever"])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"id": "a\0"}, "expected valid characters in id, got NUL or half of a pair"),
        ({"ward": ["\ud83d"]}, "expected valid characters in ward, got NUL or half of a pair"),
        ({"entities": [{"label": "X", "start": 0, "end": 5, "attributes": {"a": "\0"}}]},
         "entity T1: expected valid characters in its fields, got NUL or half of a pair"),
        ({"entities": [{"label": "X", "start": 1e308, "end": 5}]},
         "entity T1: expected whole numbers from 0 as offsets, got something else"),
        ({"entities": [{"label": "X", "start": 0.5, "end": 5}]},
         "entity T1: expected whole numbers from 0 as offsets, got something else"),
        ({"entities": [{"label": ["X"], "start": 0, "end": 5}]}, "entity T1: expected a type, got none"),
    ],
)  # fmt: skip
def test_what_no_store_could_hold_is_refused(broken, said, written, outcome):
    mapping = {"meta": ["ward"], "entities": [{"path": "entities.*"}]}
    result = outcome(written("x.jsonl", json.dumps({**ROW, **broken})), mapping=mapping)
    assert result.said == [f"x.jsonl:1: {said}"]
    assert result.entities == []
