"""Files and folders take their place whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curation import atomic_file
from curation.atomic_file import passing, refilled, replaced


def test_a_file_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replaced(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert (path.read_text(), list(tmp_path.iterdir())) == ("new", [path])


def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_in_part() -> None:
        with replaced(path) as unfinished:
            unfinished.write_text("ne")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_in_part()
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "a"
    path.mkdir()
    (path / "old").touch()
    with replaced(path) as unfinished:
        unfinished.mkdir()
        (unfinished / "new").touch()
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_while_it_is_written_only_its_owner_can_reach_it(tmp_path):
    with replaced(tmp_path / "a.txt") as unfinished:
        unfinished.touch()
        assert unfinished.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_written_anew_in_a_folder_replaces_its_like_and_nothing_else(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("data/stale", "page.html", "notes.txt", "test.jsonl"):
        (tmp_path / name).write_text("old")
    with refilled(tmp_path, also_goes=lambda names: {"test.jsonl"}) as inside:
        (inside / "data").mkdir()
        (inside / "data" / "fresh").write_text("new")
        (inside / "page.html").write_text("new")
        assert (tmp_path / "page.html").read_text() == "old"
    assert content(tmp_path) == {"data/fresh": "new", "page.html": "new", "notes.txt": "old"}


@pytest.mark.parametrize("before", [True, False])
def test_a_folder_stays_as_it_was_when_filling_it_fails(tmp_path, before: bool):
    folder = tmp_path / "out"
    if before:
        folder.mkdir()
        (folder / "page.html").write_text("old")

    def fill_in_part() -> None:
        with refilled(folder) as inside:
            (inside / "page.html").write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_in_part()
    assert folder.exists() is before
    assert content(tmp_path) == ({"out/page.html": "old"} if before else {})


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_folder_stays_as_it_was_when_the_exchange_fails(tmp_path, monkeypatch, failing: int):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("old")
    calls = iter(range(1, 100))
    exchange = atomic_file._exchange

    def full(entry: Path, target: Path, old: Path) -> None:
        if next(calls) == failing:
            raise OSError("full")
        exchange(entry, target, old)

    monkeypatch.setattr(atomic_file, "_exchange", full)

    def fill() -> None:
        with refilled(tmp_path) as inside:
            for name in ("a", "b", "c"):
                (inside / name).write_text("new")

    with pytest.raises(OSError, match="full"):
        fill()
    assert content(tmp_path) == dict.fromkeys(("a", "b", "c"), "old")


#: A writer that is killed: while it writes, when all is complete, and between taking the old away and the rest.
KILLED = """
import os, signal, sys
from pathlib import Path
from curation import atomic_file
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
folder, when = Path(sys.argv[1]), sys.argv[2]
if when == "complete":
    atomic_file._put_in_place = die
elif when == "between":
    take_away = atomic_file._take_away
    atomic_file._take_away = lambda path, to: (take_away(path, to), die())
with atomic_file.refilled(folder) as inside:
    (inside / "data").mkdir()
    (inside / "data" / "fresh").write_text("new")
    if when == "writing":
        die()
    (inside / "page.html").write_text("new")
"""


@pytest.mark.server
@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("writing", {"data/stale": "old", "page.html": "old"}),
        ("complete", {"data/fresh": "new", "page.html": "new"}),
        ("between", {"data/fresh": "new", "page.html": "new"}),
    ],
)
def test_what_a_killed_writer_left_is_put_in_order_by_the_next_one(tmp_path, when, expected):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "stale").write_text("old")
    (tmp_path / "page.html").write_text("old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), when], check=False)
    assert killed.returncode == -signal.SIGKILL
    told: list[str] = []

    def fail_later() -> None:
        with refilled(tmp_path, tell=told.append):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail_later()
    assert content(tmp_path) == expected
    assert len(told) == 1


def test_a_passing_folder_goes_with_its_block_and_so_does_that_of_a_killed_one(tmp_path):
    left = tmp_path / ".passing-unfinished-x"
    left.mkdir()
    (left / "text").write_text("of a patient", encoding="utf-8")
    told: list[str] = []
    with passing(tmp_path, tell=told.append) as folder:
        assert (folder.stat().st_mode & 0o077, list(folder.iterdir()), left.exists()) == (0, [], False)
        with passing(tmp_path) as beside:  # of another command at the same time
            assert {folder, beside} == set(tmp_path.iterdir())
        with pytest.raises(ValueError, match="of the block"), passing(tmp_path):
            raise ValueError("of the block")
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []
    assert len(told) == 1


def test_what_another_writer_is_at_work_on_stays(tmp_path):
    with refilled(tmp_path) as first:
        (first / "a").write_text("first")
        with refilled(tmp_path) as second:
            (second / "b").write_text("second")
    assert content(tmp_path) == {"a": "first", "b": "second"}


def content(folder: Path) -> dict[str, str]:
    """The text of each file by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_link_and_what_is_no_file_stay_what_they_are(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    with replaced(tmp_path / "link") as unfinished:
        unfinished.write_text("new")
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "file").read_text()) == (True, "new")
    with replaced(Path(os.devnull)) as unfinished:
        unfinished.write_text("new")
    assert not Path(os.devnull).is_file()


def test_a_folder_of_somebody_else_with_such_a_name_stays(tmp_path):
    (tmp_path / ".page.html.d").mkdir()
    (tmp_path / ".page.html.d" / "mine").write_text("mine")
    with replaced(tmp_path / "page.html") as unfinished:
        unfinished.write_text("new")
    assert content(tmp_path) == {".page.html.d/mine": "mine", "page.html": "new"}
