"""An annotator that lacks patterns, examples or training says so once, before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate

from curation.errors import NothingToGoByError
from pipeline.steps.annotate import annotate
from pipeline.workspace import Workspace

PATTERNS = "categories:\n  fin:\n    patterns:\n      - {id: a, score: 0.9, tokens: [{LOWER: fin}]}\n"


def workspace_of(folder: Path, scheme: str, lines: list[str], settings: dict[str, object] | None = None) -> Workspace:
    workspace = Workspace.make(folder, settings, notify=lines.append)
    (folder / "scheme.yaml").write_text(scheme, encoding="utf-8")
    return workspace


@pytest.fixture
def records(annotated):
    return [annotated("A fin.")[0], annotated("Another fin.")[0], annotated("Une fin.", language="fr")[0]]


@pytest.mark.parametrize(("name", "goes_by"), [("rules", "patterns"), ("few-shot", "examples")])
@pytest.mark.parametrize("asked", ["categories: [fin]", "labels: {fins: [one, two]}"])
def test_nothing_is_written_where_there_is_nothing_to_go_by(tmp_path, records, name, goes_by, asked):
    lines: list[str] = []
    workspace = workspace_of(tmp_path / "w", f"name: fish\n{asked}\n", lines)
    with workspace.open_store() as store:
        store.add_records(records)
        with pytest.raises(NothingToGoByError, match=rf"^{name} has no {goes_by} for anything in the scheme fish"):
            annotate(workspace, store, name)
        assert store.layer_names() == {}
        assert store.runs() == []
    assert lines == []
    refused = curate("annotate", "--with", name, "--workspace", workspace.folder, code=1)
    assert len(refused.stderr.splitlines()) == 1


def test_what_is_lacking_is_said_once_for_each_language(tmp_path, records):
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "en.yaml").write_text(PATTERNS, encoding="utf-8")
    lines: list[str] = []
    settings: dict[str, object] = {"annotation.rules.patterns": tmp_path / "patterns"}
    workspace = workspace_of(tmp_path / "w", "name: fish\ncategories: [fin, gill]\n", lines, settings)
    with workspace.open_store() as store:
        store.add_records(records)
        assert annotate(workspace, store, "rules").done == 3
    assert lines == [
        "rules has no patterns for gill in en: 2 records get none of these from it; write some in "
        "annotation.rules.patterns",
        "rules has no patterns for anything in fr: 1 records get none of these from it; write some in "
        "annotation.rules.patterns",
    ]


def test_the_shipped_annotators_have_something_for_all_of_the_default_scheme(tmp_path, annotated):
    lines: list[str] = []
    workspace = Workspace.make(tmp_path / "w", notify=lines.append)
    with workspace.open_store() as store:
        store.add_records([annotated("Fever.")[0], annotated("Fieber.", language="de")[0]])
        assert annotate(workspace, store, "rules").failed == 0
    assert lines == []
