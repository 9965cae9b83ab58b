"""Schemes are made, checked and changed over a workspace; what is refused changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json
from verdicts import given

from curation.errors import SchemeError, UsageError
from curation.record import Entity, Layer
from curation.scheme import DEFAULT_SCHEME, read_scheme
from curation.scheme_change import difference
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.steps.scheme.migrate import migrate_scheme
from pipeline.steps.scheme.new import new_scheme
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

NEW = "name: fish\nversion: 2\ncategories: [limb, gill]\n"


@pytest.fixture
def workspace(tmp_path: Path, annotated) -> Workspace:
    made = Workspace.make(tmp_path / "w")
    (made.folder / "scheme.yaml").write_text("name: fish\ncategories: [fin, tail, scale]\n", encoding="utf-8")
    (tmp_path / "new.yaml").write_text(NEW, encoding="utf-8")
    with made.open_store() as store:
        for text, category in (("A fin.", "fin"), ("A tail.", "tail"), ("A scale.", "scale"), ("A nose.", "nose")):
            record, _ = annotated(text)
            store.add_records([record])
            entity = Entity.at(text, 2, len(text) - 1, category, id="T1")
            for name, author in (("human:anna", "human:anna"), ("rules", "rules@2")):
                layer = Layer(record_id=record.id, name=name, author=author, entities=(entity,))
                store.add_layers([layer])
    return made


def categories(workspace: Workspace, name: str) -> list[str]:
    with workspace.open_store() as store:
        items = store.items([name])
        return [entity.category for item in items for entity in item.layers[name].entities]


def test_a_migration_is_counted_and_what_is_behind_is_named(workspace, tmp_path):
    with workspace.open_store() as store:
        ids = store.record_ids()
        store.decide(given(ids[:3], "human:anna"))
        freeze(workspace, store, name="cases", layers=["human:anna"])
        planned = migrate_scheme(
            workspace, store, tmp_path / "new.yaml", renames=["fin=limb", "tail=limb"], drops=["scale"], dry_run=True
        )
        assert categories(workspace, "rules") == ["fin", "tail", "scale", "nose"]
        assert not list(workspace.folder.glob("scheme-*.yaml"))
        done = migrate_scheme(
            workspace, store, tmp_path / "new.yaml", renames=["fin=limb", "tail=limb"], drops=["scale"]
        )
    assert planned.counts == done.counts
    assert done.as_json() | {"old_scheme": None} == {
        "layers": {"human:anna": 3, "rules": 3},
        "renamed": {"fin -> limb": 2, "tail -> limb": 2},
        "merged": {},
        "dropped": {"scale": 2},
        "relations_dropped": 0,
        "still_old": {"frozen sets": ["cases@1"]},
        "old_scheme": None,
        "dry_run": False,
    }
    # What came from a corpus with a category of its own stays as it is.
    assert categories(workspace, "rules") == categories(workspace, "human:anna") == ["limb", "limb", "nose"]
    with workspace.open_store() as store:
        versions = store.layer_history(ids[0])
        assert [(layer.name, layer.author) for layer in versions] == 2 * [
            ("human:anna", "human:anna"),
            ("rules", "rules@2"),
        ]
        again = Workspace.at(workspace.folder)
        with pytest.raises(UsageError, match=r"cases@1 was frozen with fin, scale, tail"):
            export(again, store, "chat", tmp_path / "out")
        assert store.runs()[-1].manifest["outcome"]["dropped"] == {"scale": 2}
    assert Workspace.at(workspace.folder).scheme.names == ("limb", "gill")
    (kept,) = workspace.folder.glob("scheme-*.yaml")
    assert read_scheme(kept).scheme.names == ("fin", "tail", "scale")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rename", "fin=limb"], "got none for tail (2), scale (2); nothing was changed"),
        (["--rename", "fin=limb", "--drop", "tail", "--drop", "scale", "--drop", "scael"], "got scael"),
        (["--rename", "fin=wing"], "it has no wing"),
    ],
)
def test_a_migration_that_does_not_speak_of_all_is_refused_and_changes_nothing(workspace, tmp_path, words, message):
    before = (workspace.folder / "scheme.yaml").read_bytes()
    refused = curate("scheme", "migrate", tmp_path / "new.yaml", *words, "--workspace", workspace.folder, code=2)
    assert message in refused.stderr
    assert categories(workspace, "rules") == ["fin", "tail", "scale", "nose"]
    assert (workspace.folder / "scheme.yaml").read_bytes() == before


def test_a_scheme_that_was_changed_in_place_asks_for_every_name_in_use(workspace):
    (workspace.folder / "scheme.yaml").write_text(NEW, encoding="utf-8")
    words = ("--rename", "fin=limb", "--rename", "tail=limb", "--drop", "scale", "--workspace", workspace.folder)
    assert "got none for nose (2)" in curate("scheme", "migrate", *words, code=2).stderr
    done = curate_json("scheme", "migrate", "--drop", "nose", *words)
    assert done["dropped"] == {"nose": 2, "scale": 2}
    assert done["old_scheme"] is None


def test_a_diff_counts_what_is_used(workspace, tmp_path):
    found = curate_json("scheme", "diff", tmp_path / "new.yaml", "--workspace", workspace.folder)
    assert found["removed"] == {"fin": 2, "tail": 2, "scale": 2}
    assert found["added"] == ["limb", "gill"]
    shown = curate("scheme", "diff", tmp_path / "new.yaml", "--workspace", workspace.folder)
    assert "with --rename OLD=NEW or --drop OLD for: fin, tail, scale" in shown.stderr
    same = curate("scheme", "diff", tmp_path / "new.yaml", "--old", tmp_path / "new.yaml", "--workspace", tmp_path)
    assert "say the same" in same.stderr


def test_a_new_scheme_is_commented_and_read_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("drug=a substance: given, or taken", "dose", "--label", "smoker=yes, no ,no answer", "--name", "n2")
    written = curate("scheme", "new", *words, "--language", "de")
    assert "written: n2.yaml (2 categories, 1 document labels)" in written.stderr
    scheme = read_scheme(tmp_path / "n2.yaml").scheme
    assert scheme.categories[0].definition == {"de": "a substance: given, or taken"}
    assert scheme.categories[1].definition == {}
    assert scheme.labels[0].values == ("yes", "no", "no answer")
    assert (tmp_path / "n2.yaml").read_text(encoding="utf-8").count("#") > 10
    assert "n2.yaml is" in curate("scheme", "new", "x", "--name", "n2", code=2).stderr
    checked = curate_json("scheme", "check", "n2.yaml")
    assert checked["problems"] == ["no definition in de: dose, smoker; annotators and models go by it"]
    assert checked["annotators"]["rules"]["lacking"] == {"de": ["drug", "dose", "smoker"]}


@pytest.mark.parametrize(
    ("categories", "labels", "error", "message"),
    [
        ([], [], UsageError, "expected categories, or labels"),
        (["2nd"], [], SchemeError, "expected letters"),
        (["a", "a"], [], SchemeError, "expected each key once"),
        ([], ["smoker"], UsageError, "expected --label NAME=VALUE,VALUE"),
        ([], ["smoker=yes"], SchemeError, "at least 2 values"),
    ],
)
def test_a_new_scheme_that_is_none_is_not_written(tmp_path, categories, labels, error, message):
    path = tmp_path / "s.yaml"
    with pytest.raises(error, match=message):
        new_scheme(path, name="s", categories=categories, labels=labels)
    assert not path.exists()


def test_the_check_of_a_workspace_says_what_each_annotator_gives(tmp_path, monkeypatch):
    monkeypatch.setattr("curation.models.models.PACKAGED", {})
    workspace = Workspace.make(tmp_path / "w")
    found = curate_json("scheme", "check", "--workspace", workspace.folder)
    assert found["annotators"]["rules"] == {"lacking": {"en": [], "de": []}, "problem": None}
    assert found["annotators"]["few-shot"]["lacking"] == {"en": [], "de": []}
    assert found["annotators"]["llm"]["problem"].startswith("expected a language model, got none.")
    assert (found["problems"], found["filled_in"]) == ([], {})
    (workspace.folder / "scheme.yaml").write_text("name: x\ncategories: {a: {colour: red}}\n", encoding="utf-8")
    refused = curate("scheme", "check", "--workspace", workspace.folder, code=1).stderr
    assert refused.endswith("scheme.yaml: categories.a.colour: expected a colour such as #1f77b4, got 'red'\n")
    assert difference(read_scheme(DEFAULT_SCHEME).scheme, read_scheme(DEFAULT_SCHEME).scheme).changed == {}
