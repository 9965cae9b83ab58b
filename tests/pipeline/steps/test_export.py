"""An export takes the place of an earlier one whole or not at all, and of nothing else in its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from verdicts import given

from curation.errors import ConfigError, UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from exports.formats import FORMATS
from pipeline.config import with_overrides
from pipeline.steps.export import export
from pipeline.workspace import Workspace

OLD = {"hf": "data/test-00000-of-00001.parquet", "chat": "test.jsonl"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.make(tmp_path / "workspace")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Six records that are frozen with all splits."""
    with workspace.open_store() as store:
        for number in range(6):
            text, entities = parse_markup(f"Bett {number}: der Patient hatte [Fieber]{{signs_symptoms}}.")
            id = f"r{number}"
            store.add_records([Record(id=id, group=id, source="test", language="de", text=text)])
            store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=entities)])
        store.decide(given(store.record_ids(), "gold"))
        split = SplitSettings(seed=1, train=0.5, validation=0.2, test=0.3)
        freeze(store, workspace.scheme, name="cases", layers=["gold"], split=split)
        yield store


@pytest.fixture
def exported(workspace: Workspace, store: Store, tmp_path: Path) -> Callable[[str], Path]:
    def make(format: str) -> Path:
        to = tmp_path / "out"
        export(workspace, store, format, to)
        (to / "notes.txt").write_text("mine")
        return to

    return make


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_that_fails_leaves_the_earlier_one_as_it_was(workspace, store, exported, format, monkeypatch):
    to = exported(format)
    before = content(to)
    members = store.set_members

    def broken(digest: str, *, split: str | None = None) -> Iterator[object]:
        yield from members(digest, split=split)
        if split == "test" and (tried := next(calls)) > 1:
            raise OSError(f"no space left, try {tried}")

    # The privacy check reads all members before anything is written.
    calls = iter(range(1, 9))
    monkeypatch.setattr(store, "set_members", broken)
    with pytest.raises(Exception, match=r"no space left|dataset"):
        export(workspace, store, format, to)
    assert content(to) == before


@pytest.mark.parametrize("format", FORMATS)
def test_splits_of_an_earlier_export_go_and_other_files_stay(workspace, store, exported, format):
    to = exported(format)
    assert OLD[format] in content(to)
    split = SplitSettings(train=1, validation=0, test=0)
    freeze(store, workspace.scheme, name="all", layers=["gold"], split=split)
    export(workspace, store, format, to)
    after = content(to)
    assert OLD[format] not in after
    assert after["notes.txt"] == b"mine"
    assert [path.name for path in to.iterdir() if path.name.startswith(".")] == []


def test_a_file_in_the_place_of_the_folder_is_refused(workspace, store, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        export(workspace, store, "chat", tmp_path / "out")


@pytest.mark.parametrize("prompt", ["missing.txt", "."])
def test_a_prompt_that_cannot_be_read_is_said_before_anything_changes(workspace, store, exported, prompt):
    to = exported("chat")
    before = content(to)
    workspace.__dict__["config"] = with_overrides(workspace.config, [f"exports.prompt={prompt}"])
    with pytest.raises(ConfigError, match=r"exports\.prompt: expected a text file"):
        export(workspace, store, "chat", to)
    assert content(to) == before
