"""Sources that lead out of their folder, never end, or fill the machine; good files beside them have to come in."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet

from door_parts.attack import Attack
from door_parts.forked import curate_forked

DOOR = "import"
#: Megabytes that an import may take at its peak, with all libraries.
MOST_MB = 1_200
#: Seconds that it may take.
LONGEST = 240
GOOD = {"id": "good", "text": "A 54-year-old man came with fever."}
WORD = "Fieberschmerzhustenschnupfenübelkeiterbrechendurchfallschwindel!"
MAPPING = {
    "text": "text",
    "id": "id",
    "group": {"columns": "text", "pattern": r"^(\w|\w\w)+$"},
}


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """What is no file of the folder, and files that are small and become large."""
    secret = folder / "secret.txt"
    secret.write_text("A letter of another house.", encoding="utf-8")
    for number, (tried, make) in enumerate(FILES.items()):
        yield _file(folder / f"file-{number}", tried, make, secret)
    sizes = SIZES if not quick else {tried: SIZES[tried] for tried in QUICK}
    for number, (tried, make) in enumerate(sizes.items()):
        yield _size(folder / f"size-{number}", tried, make)


def _file(folder: Path, tried: str, make: Callable[[Path, Path], None], secret: Path) -> Attack:
    """Open where the command hangs, takes in what is outside of the folder, says nothing, or loses a good file."""
    workspace, source = _prepared(folder)
    (source / "good.txt").write_text(GOOD["text"], encoding="utf-8")
    make(source / "bad.txt", secret)
    peak, done = _import(workspace, source)
    if done is None:
        return Attack(DOOR, tried, worked=True, seen=f"still running after {LONGEST} s")
    taken = any(secret.read_bytes() in file.read_bytes() for file in workspace.rglob("*") if file.is_file())
    said = [problem for problem in done["problems"] if "bad.txt" in str(problem["where"])]
    seen = f"{done['imported']} came in, {len(said)} said, {peak} MB"
    return Attack(DOOR, tried, worked=taken or not said or done["imported"] != 1, seen=seen)


def _size(folder: Path, tried: str, make: Callable[[Path], tuple[str, ...]]) -> Attack:
    """Open where memory is not bounded, the command ends without its report, or a good file beside is lost."""
    workspace, source = _prepared(folder)
    # In a process of its own, so that the import's memory is the import's alone.
    with get_context("fork").Pool(1) as pool:
        options = pool.apply(make, (source,))
    (source / "zz.jsonl").write_text(json.dumps(GOOD) + "\n", encoding="utf-8")
    peak, done = _import(workspace, *sorted(source.iterdir()), options=options)
    if done is None:
        return Attack(DOOR, tried, worked=True, seen=f"no report ({peak} MB)")
    listed = curate_forked("records", "list", "--json", "--workspace", str(workspace))
    good = any(row["source_id"] == "good" for row in json.loads(listed.stdout)["records"])
    worked = peak > MOST_MB or not good or not done["problems"]
    return Attack(DOOR, tried, worked=worked, seen=f"{peak} MB, {done['problems_in_all']} said, good file in: {good}")


def _prepared(folder: Path) -> tuple[Path, Path]:
    workspace, source = folder / "w", folder / "source"
    source.mkdir(parents=True)
    curate_forked("init", "--workspace", str(workspace))
    return workspace, source


def _import(
    workspace: Path, *sources: Path, options: tuple[str, ...] = ()
) -> tuple[int, dict[str, list[dict[str, object]]] | None]:
    """The peak of memory (MB) of an import and its report; None where it did not end, or without a report."""
    words = ["import", *map(str, sources), *options, "--language", "en", "--json", "--workspace", str(workspace)]
    try:
        done = curate_forked(*words, timeout=LONGEST)
        return done.peak, json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return 0, None


def _pipe(path: Path, secret: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, secret: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # names of sockets are short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path, secret: Path) -> None:
    path.symlink_to("/dev/zero")


def _link_out(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def _folder_out(path: Path, secret: Path) -> None:
    other = secret.parent / "other"
    other.mkdir(exist_ok=True)
    (other / "letter.txt").write_bytes(secret.read_bytes())
    path.symlink_to(other)


def _pointed_to(source: Path) -> tuple[str, ...]:
    """A text of seven megabytes that stands once, and 4,000 rows that point to it."""
    texts = arrow.DictionaryArray.from_arrays(
        arrow.array([0] * 4_000, arrow.int32()), arrow.array(["a b " * 1_800_000])
    )
    table = arrow.table({"text": texts, "id": [str(number) for number in range(4_000)]})
    parquet.write_table(table, source / "a.parquet", compression="zstd", store_schema=False)
    return ()


def _one_value(source: Path) -> tuple[str, ...]:
    table = arrow.table({"text": arrow.array(["x" * 900_000_000], arrow.large_string())})
    parquet.write_table(table, source / "a.parquet", compression="zstd")
    return ()


def _packed(path: Path, part: bytes, times: int) -> tuple[str, ...]:
    with gzip.open(path, "wb", compresslevel=6) as file:
        for _ in range(times):
            file.write(part)
    return ()


def _tokens(source: Path) -> tuple[str, ...]:
    return _packed(source / "a.conll.gz", b"fever\tB-X\n" * 10_000, 700)


def _offsets(source: Path) -> tuple[str, ...]:
    (source / "a.conll").write_text("a\t0\t1\tO\nb\t2000000000\t2000000001\tO\n", encoding="utf-8")
    mapping = source.parent / "offsets.yaml"
    mapping.write_text(json.dumps({"conll": {"start": 1, "end": 2}}), encoding="utf-8")
    return ("--mapping", str(mapping))


def _document(source: Path) -> tuple[str, ...]:
    return _packed(source / "a.pubtator.gz", b"1|t|Fever\n" + b"1\t0\t5\tFever\tC\tD1\n" * 10_000, 700)


def _blanks(source: Path) -> tuple[str, ...]:
    return _packed(source / "a.jsonl.gz", b" " * 1_000_000, 4_000)


def _large_lines(source: Path) -> tuple[str, ...]:
    row = json.dumps({"text": "fever " * 1_300_000}).encode() + b"\n"
    return _packed(source / "a.jsonl.gz", row, 200)


def _pattern(source: Path) -> tuple[str, ...]:
    (source / "a.jsonl").write_text(json.dumps({"id": "slow", "text": WORD}) + "\n", encoding="utf-8")
    mapping = source.parent / "slow.yaml"
    mapping.write_text(json.dumps(MAPPING), encoding="utf-8")
    return ("--mapping", str(mapping))


#: What is no file of the folder.
FILES: dict[str, Callable[[Path, Path], None]] = {
    "a pipe in the folder": _pipe,
    "a socket in the folder": _socket,
    "a link to a device": _device,
    "a link out of the folder": _link_out,
    "a link to a folder outside": _folder_out,
}
#: Small files that become large.
SIZES: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "Parquet: rows that point to one long text": _pointed_to,
    "Parquet: one value of 900 MB": _one_value,
    "CoNLL: a sentence of seven million tokens": _tokens,
    "CoNLL: offsets two thousand million apart": _offsets,
    "PubTator: a document of seven million annotations": _document,
    "gzip: four thousand million blanks": _blanks,
    "gzip: two hundred lines of eight megabytes": _large_lines,
    "a mapping's pattern that takes years": _pattern,
}
#: Those that are quick.
QUICK = ("CoNLL: offsets two thousand million apart", "a mapping's pattern that takes years")
