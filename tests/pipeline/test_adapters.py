"""An adapter of the workspace is found by its name, as an annotator and as a layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UsageError
from curation.record import Layer, Record
from curation.store import Store
from curation.tagging.folder import MANIFEST
from pipeline.adapters import with_folder, with_layer
from pipeline.workspace import Workspace


def trained(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text("{}", encoding="utf-8")
    return folder


def test_a_name_is_an_adapter_of_the_workspace_and_a_folder_stays_one(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    mine = trained(workspace.folder / "adapters" / "mine")
    assert with_folder(workspace, "adapter:mine") == f"adapter:{mine}"
    elsewhere = trained(tmp_path / "elsewhere")
    for spoken in (f"adapter:{elsewhere}", "rules", "llm:adapter"):
        assert with_folder(workspace, spoken) == spoken
    with pytest.raises(UsageError, match=r"or the folder of one, got 'mein'; did you mean mine\? there are: mine$"):
        with_folder(workspace, "adapter:mein")


def test_a_path_is_looked_up_in_the_workspace_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace.make(tmp_path / "w")
    monkeypatch.chdir(tmp_path)
    here = trained(tmp_path / "adapters" / "mine")
    assert with_folder(workspace, "adapter:adapters/mine") == "adapter:adapters/mine", "as it was typed"
    inside = trained(workspace.folder / "adapters" / "mine")
    assert with_folder(workspace, "adapter:adapters/mine") == f"adapter:{inside}"
    trained(tmp_path / "mine")
    assert with_folder(workspace, "adapter:mine") == f"adapter:{inside}"
    assert with_folder(workspace, f"adapter:{here}") == f"adapter:{here}"
    configured = Workspace.make(tmp_path / "configured", {"annotation.adapter.path": "models/best"})
    best = trained(configured.folder / "models" / "best")
    assert with_folder(configured, "adapter") == f"adapter:{best}"


def test_without_a_name_it_is_the_only_one_or_the_one_of_the_config(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    with pytest.raises(UsageError, match="adapters: none, make one with curate train"):
        with_folder(workspace, "adapter")
    mine = trained(workspace.folder / "adapters" / "mine")
    assert with_folder(workspace, "adapter") == f"adapter:{mine}"
    trained(workspace.folder / "adapters" / "other")
    with pytest.raises(UsageError, match="adapters: mine, other"):
        with_folder(workspace, "adapter")
    configured = Workspace.make(tmp_path / "configured", {"annotation.adapter.path": str(mine)})
    assert with_folder(configured, "adapter") == "adapter"


def test_an_adapter_names_the_layer_that_it_alone_wrote(sqlite_store: Store) -> None:
    records = [Record(id=id, group=id, source="s", language="en", text=f"Text {id}.") for id in ("a", "b")]
    sqlite_store.add_records(records)

    def write(id: str, author: str) -> None:
        sqlite_store.add_layers([Layer(record_id=id, name="adapter", author=author)])

    assert with_layer(sqlite_store, "adapter:mine") == "adapter:mine"
    write("a", "adapter:mine@0123")
    for spoken in ("adapter:mine", "adapter:adapters/mine", "adapter"):
        assert with_layer(sqlite_store, spoken) == "adapter"
    assert with_layer(sqlite_store, "adapter:other") == "adapter:other"
    write("b", "adapter:mine2@0123")
    assert with_layer(sqlite_store, "adapter:mine") == "adapter:mine"
