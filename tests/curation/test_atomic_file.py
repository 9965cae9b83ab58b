"""Files and folders take their place whole or not at all."""

from __future__ import annotations

import pytest

from curation.atomic_file import replaced


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
