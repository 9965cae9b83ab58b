"""What a command writes is its user's alone, whatever the umask, and `doctor` names what is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import command_line
import pytest

from curation.errors import StoreError
from curation.markup import parse_markup
from curation.private_files import begin_private, made_private
from curation.record import Layer, Record
from curation.store import Store
from pipeline.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def _open_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0)
    yield
    os.umask(before)


def wide(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def fill(folder: Path) -> None:
    text, entities = parse_markup("A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms}.")
    with Store.open(Workspace.at(folder).store_url) as store:
        store.add_records([Record(id="a", group="a", source="s", language="en", text=text)])
        store.add_layers([Layer(record_id="a", name="gold", author="gold", entities=entities)])


def test_everything_that_commands_write_is_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    command_line.curate("init", folder)
    fill(folder)
    assert os.umask(0) == 0, "the umask of whoever calls the command is left as it was"
    for words in (
        "annotate --with rules",
        "evaluate --predicted rules",
        "generate --records 1",
        "review guidelines",
        "deidentify",
    ):
        command_line.curate(*words.split(), "--workspace", folder)
    assert wide(folder) == []
    assert wide(tmp_path / "config") == []


def test_folders_that_are_missing_are_private_and_one_that_was_there_stays_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    made_private(shared / "a" / "b")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert wide(shared / "a") == []


def test_a_library_caller_gets_private_files_too(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "w"
    workspace = Workspace.make(folder)
    with workspace.open_store():
        workspace.subfolder("reports")
        assert wide(tmp_path / "new") == []
    begin_private(folder / "vectors.db")
    assert wide(folder) == []


def test_a_folder_with_other_files_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o755)
    (tmp_path / "own" / "letter.txt").touch()
    Workspace.make(tmp_path / "own")
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o755


@pytest.mark.model  # doctor looks for torch
def test_doctor_names_what_others_may_read_and_mends_it(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    command_line.curate("init", folder)

    def permissions(*words: str) -> dict[str, str]:
        found = command_line.curate_json("doctor", *words, "--workspace", folder)["findings"]
        (part,) = (part for part in found if part["what"] == "permissions")
        return dict(part)

    assert permissions()["state"] == "good"
    (folder / "records.db").chmod(0o644)
    (folder / "reports").mkdir(mode=0o755)
    assert permissions()["state"] == "warning"
    assert f"curate doctor --mend --workspace {folder}" in permissions()["do"]
    assert permissions("--mend")["state"] == "good"
    assert wide(folder) == []


@pytest.mark.parametrize("words", ["../x", "/tmp/x", "-x", "a/b", "..", "CON"])
def test_names_stay_inside_their_folder(tmp_path: Path, words: str) -> None:
    folder = tmp_path / "w"
    command_line.curate("init", folder)
    fill(folder)
    for command in (("train", f"--name={words}"), ("freeze", "--layer", "gold", f"--name={words}")):
        said = command_line.curate(*command, "--workspace", folder, code=2).stderr
        assert "expected the name of" in said.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} <= {"w", "config", "cache"}


def test_a_store_with_triggers_is_refused(tmp_path: Path) -> None:
    import sqlite3

    Workspace.make(tmp_path / "w").open_store().close()
    for statement, name in (
        ("CREATE TRIGGER accept AFTER INSERT ON decisions BEGIN DELETE FROM decisions; END", "trigger accept"),
        ("CREATE VIEW every AS SELECT 1", "view every"),
    ):
        with sqlite3.connect(tmp_path / "w" / "records.db") as database:
            database.execute(statement)
        database.close()
        with pytest.raises(StoreError, match=name):
            Workspace.at(tmp_path / "w").open_store()
