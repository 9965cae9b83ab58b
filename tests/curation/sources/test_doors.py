"""What a source may not do: lead out of its folder, never end, or fill the machine; all else of it comes in."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from curation.errors import SourceError
from curation.sources import ReadOptions, read
from curation.sources.conll import ADVICE

pytestmark = pytest.mark.long

ENGLISH = ReadOptions(language="en")
#: Megabytes that reading may take in a process of its own, beyond those of its libraries.
MOST_MB = 700
ROOT = Path(__file__).parents[3]

PEAK = """
import sys
from pathlib import Path
from curation.sources import Problem, Read, ReadOptions, read
import pyarrow.parquet
rooms = lambda name: int(Path("/proc/self/status").read_text().split(name + ":")[1].split()[0]) // 1024
before = rooms("VmRSS")
reads, problems = 0, []
for each in read(sys.argv[1], mapping=eval(sys.argv[2]), options=ReadOptions(language="en")):
    reads += isinstance(each, Read)
    problems += [each.what] if isinstance(each, Problem) else []
print([reads, problems, rooms("VmHWM") - before])
"""


def cost(source: Path, mapping: object = None) -> tuple[int, list[str], int]:
    """How many records came in, the problems, and the megabytes at the peak, of a process of its own."""
    words = [sys.executable, "-c", PEAK, str(source), repr(mapping)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, env=variables, timeout=300, check=True)
    reads, problems, peak = eval(done.stdout)
    return reads, problems, peak


# ---- Files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a.txt").write_text("Fever for a week.", encoding="utf-8")
    (folder / "z.txt").write_text("Husten seit drei Tagen.", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("not of this source", encoding="utf-8")
    return folder


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


def _out(path: Path) -> None:
    path.symlink_to("../secret.txt")


def _absolute(path: Path) -> None:
    path.symlink_to(path.parent.parent / "secret.txt")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _two_steps(path: Path) -> None:
    (path.parent / ".step").symlink_to("../secret.txt")
    path.symlink_to(".step")


def _folder_out(path: Path) -> None:
    other = path.parent.parent / "other"
    other.mkdir()
    (other / "more.txt").write_text("not of this source either", encoding="utf-8")
    path.symlink_to(other)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_fifo, "expected a regular file, got a pipe (FIFO)"),
        (_socket, "expected a regular file, got a socket"),
        (_out, "got a link that leads out of it"),
        (_absolute, "got a link that leads out of it"),
        (_device, "got a link that leads out of it"),
        (_circle, "got a link to nothing"),
        (_two_steps, "got a link that leads out of it"),
        (_folder_out, "got a link that leads out of it"),
    ],
)
@pytest.mark.parametrize("format", ["auto", "text", "brat"])
def test_what_is_no_file_of_the_folder_is_a_problem_and_the_rest_comes_in(
    folder: Path, outcome: Callable[..., object], make: Callable[[Path], None], said: str, format: str
) -> None:
    make(folder / "m.txt")
    result = outcome(folder, format=format)
    assert result.texts == ["Fever for a week.", "Husten seit drei Tagen."]
    assert [problem.what.endswith(said) or said in problem.what for problem in result.problems] == [True]
    assert result.problems[0].where == str(folder / "m.txt")


def test_links_inside_the_folder_and_a_named_link_are_read(folder: Path, outcome: Callable[..., object]) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "b.txt").symlink_to("../../reports/.hidden.txt")
    (folder / ".hidden.txt").write_text("A hidden letter.", encoding="utf-8")
    (inner / "again").symlink_to(folder)
    result = outcome(folder)
    assert result.texts == ["Fever for a week.", "Husten seit drei Tagen.", "A hidden letter."]
    assert (result.problems, [notice.what for notice in result.notices][:1]) == (
        [],
        ["a link to a folder of this source, which is read where it is"],
    )
    named = folder.parent / "named.txt"
    named.symlink_to(folder / "a.txt")
    assert outcome(named).texts == ["Fever for a week."]
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    assert len(outcome(linked).texts) == 3


def test_a_named_pipe_or_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for source in (tmp_path / "pipe.jsonl", Path("/dev/zero")):
        with pytest.raises(SourceError, match="expected a regular file or a folder, got a"):
            read(source)


def test_annotations_that_a_link_leads_out_to_are_not_read(folder: Path, outcome: Callable[..., object]) -> None:
    (folder.parent / "other.ann").write_text("T1\tX 0 5\tFever\n", encoding="utf-8")
    (folder / "a.ann").symlink_to("../other.ann")
    for source in (folder, folder / "a.txt"):
        result = outcome(source, format="brat", options=ENGLISH)
        assert (result.texts[0], result.entities) == ("Fever for a week.", [])
        assert [problem.where for problem in result.problems] == [str(folder / "a.ann")]


def test_a_text_that_a_link_leads_out_to_is_not_read_for_its_annotations(
    folder: Path, outcome: Callable[..., object]
) -> None:
    (folder / "m.txt").symlink_to("../secret.txt")
    (folder / "m.ann").write_text("T1\tX 0 3\tnot\n", encoding="utf-8")
    result = outcome(folder, format="brat", options=ENGLISH)
    assert "not of this source" not in result.texts
    assert [problem.where for problem in result.problems] == [str(folder / "m.txt")]


def test_folders_without_end_are_said(folder: Path, outcome: Callable[..., object]) -> None:
    deep = folder
    for _ in range(70):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x.txt").write_text("too deep", encoding="utf-8")
    result = outcome(folder)
    assert len(result.texts) == 2
    assert [problem.what.split(":")[0] for problem in result.problems] == [
        "expected at most 64 folders inside each other, got more"
    ]


def test_a_saved_data_set_has_its_files_in_its_folder(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    for name in ("good", "bad", "linked"):
        datasets.Dataset.from_dict({"text": [f"{name} fever"]}).save_to_disk(str(tmp_path / name))
    state = tmp_path / "bad" / "state.json"
    named = json.loads(state.read_text(encoding="utf-8"))
    (file,) = named["_data_files"]
    moved = Path("..") / "good" / file["filename"]
    state.write_text(json.dumps({**named, "_data_files": [{"filename": str(moved)}]}), encoding="utf-8")
    inside = tmp_path / "linked" / file["filename"]
    inside.unlink()
    inside.symlink_to(tmp_path / "good" / file["filename"])
    for name, said in (("bad", "one outside of it"), ("linked", "leads out of it")):
        with pytest.raises(SourceError, match=said):
            list(read(tmp_path / name, options=ENGLISH))
    assert len(list(read(tmp_path / "good", options=ENGLISH))) == 1


# ---- Sizes

REPEATED = "fever " * 1_200_000


def _dictionary(path: Path) -> None:
    """A text of seven megabytes that stands once, and 300 rows that point to it."""
    texts = arrow.DictionaryArray.from_arrays(arrow.array([0] * 300, arrow.int32()), arrow.array([REPEATED]))
    parquet.write_table(arrow.table({"text": texts}), path, compression="zstd", store_schema=False)


def _long_text(path: Path) -> None:
    _with_long_text(path, 100_000_000)


def _longer_text(path: Path) -> None:
    _with_long_text(path, 700_000_000)


def _with_long_text(path: Path, length: int) -> None:
    rows = ["good fever", "x" * length, "good cough"]
    parquet.write_table(arrow.table({"text": arrow.array(rows, arrow.large_string())}), path, compression="zstd")


def _many_in_a_row(path: Path) -> None:
    part = arrow.DictionaryArray.from_arrays(arrow.array([0] * 300, arrow.int32()), arrow.array([REPEATED]))
    spans = arrow.ListArray.from_arrays(arrow.array([0, 0, 300], arrow.int32()), part)
    table = arrow.table({"text": ["good fever", "good cough"], "notes": spans})
    parquet.write_table(table, path, compression="zstd", store_schema=False)


@pytest.mark.parametrize(
    ("make", "reads", "said"),
    [
        (_dictionary, (1 << 30) // len(REPEATED), "expected rows of at most 2000 times the file's size"),
        (_long_text, 2, "expected at most 8388608 bytes in a row, got more: passed over"),
        (_longer_text, 0, "expected rows that take at most 536870912 bytes when unpacked, got more; 0 records came in"),
        (_many_in_a_row, 1, "expected rows that take at most 536870912 bytes when unpacked, got more; 1 records"),
    ],
)
def test_a_small_parquet_file_does_not_fill_the_memory(
    tmp_path: Path, make: Callable[[Path], None], reads: int, said: str
) -> None:
    path = tmp_path / "x.parquet"
    make(path)
    assert path.stat().st_size < 100_000
    found, problems, peak = cost(path)
    assert (found, len(problems)) == (reads, 1)
    assert said in problems[0]
    assert peak < MOST_MB


def test_rows_of_every_kind_come_out_of_parquet_as_they_went_in(written, outcome: Callable[..., object]) -> None:
    rows = [
        {
            "id": str(number % 3),
            "text": f"Row {number} had fever. Grüße.",
            "group": None if number % 2 else "p",
            "entities": [{"label": "sign", "start": 0, "end": 3, "text": "Row"}] * (number % 4),
            "tags": [["x", None], []] if number % 5 else None,
            "score": number / 2,
        }
        for number in range(700)
    ]
    path = written("x.parquet", b"")
    parquet.write_table(arrow.Table.from_pylist(rows), path, row_group_size=97)
    again = written("x.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    from_parquet, from_json = (outcome(source, options=ENGLISH) for source in (path, again))
    assert from_parquet.texts == from_json.texts
    assert from_parquet.entities == from_json.entities
    assert [record.meta for record in from_parquet.records] == [record.meta for record in from_json.records]
    assert from_parquet.problems == from_json.problems == []


def _packed(path: Path, *parts: tuple[bytes, int]) -> Path:
    with gzip.open(path, "wb") as file:
        for part, times in parts:
            for _ in range(times):
                file.write(part)
    return path


@pytest.mark.parametrize("record", ["sentence", "document", "file"])
def test_a_small_conll_file_does_not_fill_the_memory(tmp_path: Path, record: str) -> None:
    tokens = b"fever\tB-X\n" * 10_000
    path = _packed(tmp_path / "x.conll.gz", (b"good\tO\n\n", 1), (tokens, 300), (b"\ngood\tO\n", 1))
    assert path.stat().st_size < 450_000
    found, problems, peak = cost(path, {"conll": {"record": record}})
    assert found == (0 if record == "file" else 2)
    assert problems == [
        f"expected at most 100000 lines and 8388608 characters in a record, got more: passed over{ADVICE}"
    ]
    assert peak < MOST_MB


@pytest.mark.parametrize(
    "content",
    [
        "a\t0\t1\tO\nb\t2000000000\t2000000001\tO\n",
        "a\t0\t1\tO\nb\t9000000\t9000001\tO\n",
        "".join(f"a\t{number * 4_000_000}\t{number * 4_000_000 + 1}\tO\n" for number in range(9)),
    ],
)
def test_offsets_do_not_make_a_text_longer_than_the_limit(
    written, outcome: Callable[..., object], content: str
) -> None:
    path = written("x.conll", f"{content}\nGood\t0\t4\tO\n")
    result = outcome(path, mapping={"conll": {"start": 1, "end": 2}}, options=ENGLISH)
    assert result.texts == ["Good"]
    assert ["got a longer one" in problem.what for problem in result.problems] == [True]


def test_a_large_document_is_passed_over_and_the_next_one_comes_in(written, outcome: Callable[..., object]) -> None:
    small = ReadOptions(language="en", most_marks=50)
    head = "1|t|Aspirin\n1|a|helps.\n"
    many = "".join("1\t0\t7\tAspirin\tC\tD1\n" for _ in range(60))
    result = outcome(written("x.pubtator", f"{head}{many}\n2|t|Fever\n2|a|rose.\n"), options=small)
    assert result.texts == ["Fever\nrose."]
    assert [problem.what for problem in result.problems] == [
        "expected at most 50 lines and 8388608 characters in a document, got more: passed over"
    ]
    row = {"id": "1", "text": "fever", "entities": [{"label": "X", "start": 0, "end": 5}] * 60}
    lines = [json.dumps(row), json.dumps({**row, "id": "2", "entities": []})]
    result = outcome(written("x.jsonl", "\n".join(lines)), options=small)
    assert [record.meta["source_id"] for record in result.records] == ["2"]
    assert [problem.what for problem in result.problems] == [
        "expected at most 50 annotations of a record, got more: passed over"
    ]


def test_many_mentions_of_two_concepts_are_tied_fast_and_to_the_nearest(
    written, outcome: Callable[..., object]
) -> None:
    words = [f"{'drug' if number % 2 else 'pain'}" for number in range(8_000)]
    text = " ".join(words)
    marks = "".join(
        f"1\t{number * 5}\t{number * 5 + 4}\t{word}\tC\t{'D1' if word == 'drug' else 'D2'}\n"
        for number, word in enumerate(words)
    )
    links = "1\tR\tD1\tD2\n" * 2_000
    result = outcome(written("x.pubtator", f"1|t|{text}\n1|a|.\n{marks}{links}"), options=ENGLISH)
    assert result.problems == []
    assert {(head, tail) for _, head, tail in result.relations} == {("T2", "T1")}


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.json.gz", "x.csv.gz", "x.txt.gz", "x.conll.gz", "x.pubtator.gz"])
def test_a_file_that_unpacks_out_of_all_proportion_ends_there(tmp_path: Path, name: str) -> None:
    good = {"x.jsonl.gz": b'{"text": "fever"}\n', "x.csv.gz": b"id,text\n1,fever\n"}.get(name, b"")
    path = _packed(tmp_path / name, (good, 1), (b" " * 1_000_000, 120))
    found = list(read(path, options=ENGLISH))
    assert "when unpacked" in found[-1].what or "expected at most" in found[-1].what or "holds no" in found[-1].what
    packed = _packed(tmp_path / "good.jsonl.gz", (b'{"text": "fever"}\n', 3))
    assert len(list(read(packed, options=ENGLISH))) == 3


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a", "x": ' + "[" * 500_000 + "]" * 500_000 + "}",
        '{"text": "a", "x": ' + '{"y":' * 200_000 + "1" + "}" * 200_000 + "}",
        '{"text": "a", "x": ' + "9" * 2_000_000 + "}",
        '{"text": "' + "a" * 20_000_000 + '"}',
    ],
)
@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_json_that_is_too_deep_or_too_long_costs_its_row(
    written, outcome: Callable[..., object], line: str, name: str
) -> None:
    good = '{"text": "fever"}'
    content = f'{good}\n{line}\n{good[:-3]}s"}}\n' if name == "x.jsonl" else f"[{good},\n{line}]"
    result = outcome(written(name, content), options=ENGLISH)
    assert result.texts[0] == "fever"
    assert len(result.problems) == 1
    assert name == "x.json" or len(result.texts) == 2
