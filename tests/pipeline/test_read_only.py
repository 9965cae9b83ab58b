"""A workspace that can only be read is read and not written to; an emptied database is not taken for a new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import curate, curate_json
from small_workspace import small_workspace

from curation.errors import StoreError
from curation.store import Store, engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a layer, verdicts, a set and a run."""
    return small_workspace(tmp_path / "w", "Fieber in Bett", records=4)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same where nothing may be written: for root, whom no permission stops, the question is answered here."""
    monkeypatch.setattr(engine, "_may_only_read", lambda path: path.is_file())
    return folder


READING = [
    ("status",),
    ("records", "list"),
    ("records", "show", "1"),
    ("quarantine", "list"),
    ("audit",),
    ("review", "progress"),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_what_only_reads_reads_and_writes_nothing(read_only: Path, words: tuple[str, ...]) -> None:
    before = content(read_only)
    curate(*words, "--workspace", read_only)
    assert content(read_only) == before


def test_an_export_to_elsewhere_is_the_same(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    curate("export", "chat", "--to", tmp_path / "first", "--workspace", folder)
    before = content(folder)
    monkeypatch.setattr(engine, "_may_only_read", lambda path: path.is_file())
    ended = curate("export", "chat", "--to", tmp_path / "second", "--workspace", folder)
    assert "this run of export is not noted in it" in ended.stderr
    assert content(folder) == before
    assert content(tmp_path / "first") == content(tmp_path / "second")


@pytest.mark.parametrize(
    "words",
    [("annotate", "--with", "rules", "--layer", "x"), ("validate",), ("freeze", "--name", "b", "--layer", "rules")],
)
def test_what_writes_is_one_line(read_only: Path, words: tuple[str, ...]) -> None:
    before = content(read_only)
    ended = curate(*words, "--workspace", read_only, code=1)
    assert ended.stderr.splitlines()[-1].startswith("error: expected a store that may be written to")
    assert content(read_only) == before


#: Reads a workspace as root, which loads the code, then as somebody without rights.
AS_NOBODY = """
import os, sys
from pipeline.command import main
for user in (0, 65534):
    os.setgroups([])
    os.setegid(user)
    os.seteuid(user)
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


@pytest.mark.server
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_somebody_without_the_right_to_write_reads(folder: Path) -> None:
    """The permissions of the files do stop them."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    closed = [path for path in folder.parents if not path.stat().st_mode & 0o001]
    for path in closed:
        path.chmod(path.stat().st_mode | 0o001)
    words = [sys.executable, "-c", AS_NOBODY, "status", "--json", "--workspace", str(folder)]
    try:
        ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    finally:
        for path in closed:
            path.chmod(path.stat().st_mode & ~0o001)
    assert (ended.returncode, ended.stdout.count('"de": 4')) == (0, 2), ended.stderr


EMPTIED = {
    "gone": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "without tables": lambda file: (file.unlink(), sqlite(file)),
}


def sqlite(file: Path) -> None:
    import sqlite3

    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE a (b)")
        connection.execute("DROP TABLE a")
    connection.close()


@pytest.mark.parametrize("how", EMPTIED)
@pytest.mark.parametrize(
    "words",
    [("status",), ("import", "sample"), pytest.param(("doctor",), marks=pytest.mark.model)],
    ids=("status", "import", "doctor"),
)
def test_an_emptied_database_is_not_a_new_one(folder: Path, how: str, words: tuple[str, ...]) -> None:
    EMPTIED[how](folder / "records.db")
    before = content(folder)
    ended = curate(*words, "--workspace", folder, code=1)
    assert "found it empty" in " ".join((ended.stdout + ended.stderr).replace("│", " ").split())
    assert content(folder) == before
    (folder / "runs").rename(folder / "runs-before")
    assert curate_json("status", "--workspace", folder)["records"] == {}


def test_another_database_than_that_of_the_runs_may_be_empty(folder: Path) -> None:
    (folder / "curate.toml").write_text('[curation]\nstore = "sqlite:///other.db"\n')
    assert curate_json("status", "--workspace", folder)["records"] == {}


def test_a_database_of_an_older_version_that_may_not_be_written_to_is_told(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(engine, "_may_only_read", lambda path: path.is_file())
    monkeypatch.setattr(engine, "HEAD", "0099")
    with pytest.raises(StoreError, match="open a copy that may be written to"):
        Store.open(f"sqlite:///{folder / 'records.db'}")


DAMAGES = {
    "pages": lambda file: overwrite(file, 4096 * 3),
    "the head": lambda file: overwrite(file, 0),
    "another program's": lambda file: (file.unlink(), other(file)),
    "no database": lambda file: file.write_text("text " * 2000),
}


def overwrite(file: Path, start: int) -> None:
    file.with_name(f"{file.name}-wal").unlink(missing_ok=True)
    content = bytearray(file.read_bytes())
    content[start : start + 4096 * 4] = b"Z" * 4096 * 4
    file.write_bytes(content)


def other(file: Path) -> None:
    import sqlite3

    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE bookmarks (address)")
    connection.close()


@pytest.mark.model
@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["records.db", "vectors.db"])
def test_doctor_finds_damaged_and_foreign_files(folder: Path, how: str, name: str) -> None:
    if name == "vectors.db":
        import sqlite3

        with sqlite3.connect(folder / name) as connection:
            connection.execute("CREATE TABLE vectors (key BLOB PRIMARY KEY, used INTEGER, vector BLOB) WITHOUT ROWID")
            rows = [(number.to_bytes(32, "big"), 1, b"v" * 768) for number in range(200)]
            connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", rows)
        connection.close()
    assert curate("doctor", "--workspace", folder, code=0)
    DAMAGES[how](folder / name)
    before = content(folder)
    findings = curate_json("doctor", "--workspace", folder, code=1)["findings"]
    what = "store" if name == "records.db" else "vectors"
    (bad,) = [finding for finding in findings if finding["state"] == "bad"]
    assert (bad["what"], bad["found"].startswith("damaged: ")) == (what, True)
    assert str(folder / name) in bad["do"]
    assert content(folder) == before
