from __future__ import annotations

import sys
from pathlib import Path

import pytest

from annotation.label_studio.server.environment import (
    CONSTRAINTS,
    MARKER,
    VARIABLE,
    ensure_environment,
    environment_path,
    executable,
    is_ready,
)
from annotation.review_settings import ReviewSettings
from curation.errors import ReviewError


def test_the_environment_is_where_settings_variable_or_cache_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    if sys.platform == "linux":
        expected = tmp_path / "cache" / "clincurate" / "label-studio-1.23.2"
        assert environment_path(ReviewSettings()) == expected
    monkeypatch.setenv(VARIABLE, str(tmp_path / "shared"))
    assert environment_path(ReviewSettings()) == tmp_path / "shared"
    assert environment_path(ReviewSettings(environment=tmp_path / "own")) == tmp_path / "own"


def test_an_unfinished_environment_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    assert not is_ready(tmp_path, "1.23.2")
    (tmp_path / MARKER).write_text("1.23.1\n")
    assert not is_ready(tmp_path, "1.23.2")
    (tmp_path / MARKER).write_text("1.23.2\n")
    assert is_ready(tmp_path, "1.23.2")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ReviewError, match=r"name another one in review\.environment"):
        ensure_environment(ReviewSettings(environment=tmp_path))
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.server
def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = ReviewSettings(environment=tmp_path / "env", python="/nowhere/python")
    with pytest.raises(ReviewError, match="/nowhere/python could not be run"):
        ensure_environment(settings)


@pytest.mark.server
def test_no_index_gives_a_clear_error_and_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "index"
    empty.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(empty))
    settings = ReviewSettings(environment=tmp_path / "env")
    with pytest.raises(
        ReviewError, match=r"Label Studio 1\.23\.2 from the package index, got: ERROR.*check the network"
    ):
        ensure_environment(settings)
    assert not is_ready(settings.environment or tmp_path, "1.23.2")


def test_every_package_is_pinned() -> None:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert "label-studio==1.23.2" in pins
    assert all(line.count("==") == 1 for line in pins)


@pytest.mark.slow
def test_it_installs_once(tmp_path: Path) -> None:
    settings, said = ReviewSettings(environment=tmp_path / "env"), list[str]()
    made = ensure_environment(settings, report=said.append)
    assert executable(made, "label-studio").is_file()
    assert len(said) == 3
    ensure_environment(settings, report=said.append)
    assert len(said) == 3
