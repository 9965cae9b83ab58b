"""What is allowed is kept for the user alone; a workspace that takes the place of another one is not known."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from curation.cache_folder import config_folder
from curation.errors import ConfigError
from curation.trusted import (
    MARK,
    Trusted,
    allows_path,
    forget_workspace,
    keep_trusted,
    know_workspace,
    known_workspace,
    known_workspaces,
    trusted,
)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def workspace(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_a_workspace_is_known_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w")
    assert known_workspace(folder) is None
    assert know_workspace(folder, ["/data"]) == known_workspace(folder)
    assert [found.folder for found in known_workspaces()] == [str(folder)]
    assert forget_workspace(folder)
    assert not forget_workspace(folder)
    assert known_workspace(folder) is None


def test_another_workspace_in_its_place_is_not_known(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w")
    know_workspace(folder)
    (folder / MARK).write_text("0" * 32, encoding="ascii")
    assert known_workspace(folder) is None
    (folder / MARK).write_bytes(b"\xff\xfe")
    assert known_workspace(folder) is None
    (folder / MARK).unlink()
    assert known_workspace(folder) is None
    assert known_workspaces() == []


def test_a_copy_with_its_mark_is_not_known(tmp_path: Path) -> None:
    folder, copy = workspace(tmp_path / "w"), workspace(tmp_path / "copy")
    know_workspace(folder)
    (copy / MARK).write_bytes((folder / MARK).read_bytes())
    assert known_workspace(copy) is None


def test_folders_and_hosts_are_allowed_by_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    keep_trusted(Trusted(folders=(str(tmp_path / "data"),), hosts=("models.example.org",)))
    assert allows_path(tmp_path / "data" / "x")
    assert not allows_path(tmp_path / "data" / ".." / "x")
    assert not allows_path(tmp_path / "database")
    assert trusted().hosts == ("models.example.org",)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_it_is_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keep_trusted(Trusted(hosts=("a.example",)))
        know_workspace(workspace(tmp_path / "w"))
    finally:
        os.umask(before)
    kept = [config_folder(), *config_folder().rglob("*"), tmp_path / "w" / MARK]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o700, 0o600}
    (config_folder() / "trusted.json").chmod(0o666)
    with pytest.raises(ConfigError, match="that you alone can change"):
        trusted()


def test_a_damaged_file_is_one_line() -> None:
    keep_trusted(Trusted())
    (config_folder() / "trusted.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected what `curate trust` writes"):
        trusted()
