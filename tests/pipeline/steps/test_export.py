"""An export takes the place of an earlier one whole or not at all, and of nothing else in its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from verdicts import given

from curation.decision import Verdict
from curation.errors import ConfigError, UsageError
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.sources import Read, read
from curation.sources.own_folder import MARKER
from curation.store import Store
from exports.formats import FORMATS
from exports.settings import ExportSettings
from pipeline.config import with_overrides
from pipeline.steps.export import check, export
from pipeline.steps.records import plan_deletion
from pipeline.workspace import Workspace

#: Formats of the scheme alone.
WITHOUT_SPLITS = frozenset({"guidelines"})


def of_test_split(folder: Path) -> list[str]:
    """The files that an export has for its test split."""
    return [name for name in content(folder) if "test" in name]


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


# The scheme alone reads no record that could fail.
@pytest.mark.parametrize("format", [name for name in FORMATS if name not in WITHOUT_SPLITS])
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
    has_splits = bool(of_test_split(to))
    assert has_splits or format in WITHOUT_SPLITS
    split = SplitSettings(train=1, validation=0, test=0)
    freeze(store, workspace.scheme, name="all", layers=["gold"], split=split)
    export(workspace, store, format, to)
    after = content(to)
    assert of_test_split(to) == []
    assert after["notes.txt"] == b"mine"
    assert [path.name for path in to.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("before", "after"), [("spacy", "spacy"), ("parquet", "parquet"), ("hf", "csv"), ("brat", "fhir")]
)
def test_nothing_of_an_earlier_export_stays_beside_the_new_one(
    workspace, store, exported, tmp_path, monkeypatch, before, after
):
    monkeypatch.setattr("exports.spacy_docs.DOCUMENTS", 1)
    monkeypatch.setattr("exports.parquet_shards.ROWS", 1)
    small = replace(workspace)
    small.__dict__["config"] = workspace.config.model_copy(
        update={"exports": ExportSettings.model_construct(**{**dict(ExportSettings()), "shard_megabytes": 0})}
    )
    export(small, store, before, tmp_path / "out", others=["gold"])
    (tmp_path / "out" / "notes.txt").write_text("mine")
    monkeypatch.undo()
    export(workspace, store, after, tmp_path / "out")
    export(workspace, store, after, tmp_path / "alone")
    assert content(tmp_path / "out").keys() == {*content(tmp_path / "alone"), "notes.txt"}


@pytest.mark.parametrize("own", [True, False])
def test_what_others_put_into_a_folder_of_an_earlier_export_stays(workspace, store, exported, tmp_path, own):
    export(workspace, store, "hf", tmp_path / "out")
    (tmp_path / "out" / "flat" / "of-a-person.txt").write_text("mine")
    if not own:
        (tmp_path / "out" / MARKER).write_text("{}")
    export(workspace, store, "csv", tmp_path / "out")
    left = content(tmp_path / "out").keys()
    assert "flat/of-a-person.txt" in left
    assert any(name.startswith("data/") for name in left) is not own


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


@pytest.fixture
def said(workspace: Workspace) -> list[str]:
    lines: list[str] = []
    object.__setattr__(workspace, "notify", lines.append)
    return lines


@pytest.fixture
def with_rules(workspace: Workspace, store: Store) -> Store:
    """Four of the records have a layer of a machine that nobody has looked at; one of these is rejected."""
    for number in range(4):
        text = f"Bett {number}: der Patient hatte Fieber."
        entities = (Entity.at(text, 0, 4, "social_history", id="T1", score=0.5),)
        store.add_layers([Layer(record_id=f"r{number}", name="rules", author="rules@1", entities=entities)])
    store.decide(given(["r3"], "rules", verdict=Verdict.REJECTED))
    return store


def test_a_check_counts_what_is_lost_and_writes_nothing(workspace, with_rules, said):
    done = check(workspace, with_rules, "chat", layer="rules")
    assert (done.set, done.records) == ("layer rules@1", 3)
    assert done.lost == {"places of entities": 3, "scores": 3, "fields of records": 6}
    assert with_rules.egress() == []
    assert check(workspace, with_rules, "hf", layer="rules").lost == {}


def test_a_layer_that_nobody_has_frozen_is_marked_unreviewed(workspace, with_rules, tmp_path, said):
    done = export(workspace, with_rules, "hf", tmp_path / "out", layer="rules")
    assert {path.name for path in done.files} >= {"unreviewed-00000-of-00001.parquet", "README.md"}
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "**Unreviewed: nobody has frozen them**" in card
    assert "1 rejected" in card
    found = [item for item in read(tmp_path / "out") if isinstance(item, Read)]
    assert [(item.layers[0].name, item.layers[0].provenance["split"]) for item in found] == [
        ("rules", "unreviewed")
    ] * 3
    assert with_rules.runs()[-1].manifest["outcome"]["lost"] == {}


def test_a_deletion_names_the_exports_of_layers_that_have_the_record(workspace, with_rules, tmp_path, said):
    done = export(workspace, with_rules, "parquet", tmp_path / "out", layer="rules")
    files = [str(path) for path in done.files]
    assert plan_deletion(workspace, with_rules, ["r1"]).exports == files
    # One is rejected, the other has no such layer.
    assert plan_deletion(workspace, with_rules, ["r3", "r4"]).exports == []
    shutil.rmtree(tmp_path / "out")
    assert plan_deletion(workspace, with_rules, ["r1"]).exports == []


def test_losses_are_said_and_kept_with_the_run(workspace, with_rules, tmp_path, said):
    export(workspace, with_rules, "chat", tmp_path / "out", layer="rules")
    assert "chat has no place for 3 places of entities, 3 scores, 6 fields of records" in said
    assert with_rules.runs()[-1].manifest["outcome"]["lost"]["scores"] == 3


def test_other_layers_stand_beside_the_frozen_one(workspace, with_rules, tmp_path, said):
    done = export(workspace, with_rules, "hf", tmp_path / "out", others=["rules"])
    assert done.without_layer == {"rules": 2}
    assert "2 of 6 records have no layer rules" in said
    beside = [item for item in read(tmp_path / "out" / "layers" / "rules") if isinstance(item, Read)]
    assert sorted((item.record.id, item.layers[0].name) for item in beside) == [
        ("r0", "rules"),
        ("r1", "rules"),
        ("r2", "rules"),
        ("r3", "rules"),
    ]


def test_what_a_layer_beside_loses_is_said_and_kept_too(workspace, with_rules, tmp_path, said):
    done = export(workspace, with_rules, "conll", tmp_path / "out", others=["rules"])
    assert done.lost_beside == {"rules": {"scores": 4}}
    assert "conll has no place for 4 scores of the layer rules" in said
    assert with_rules.runs()[-1].manifest["outcome"]["lost_beside"] == {"rules": {"scores": 4}}
    whole = export(workspace, with_rules, "hf", tmp_path / "whole", others=["rules"])
    assert whole.lost_beside == {"rules": {}}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layer": "rulez"}, "rulez"),
        ({"others": ["rulez"]}, "rulez"),
        ({"layer": "rules", "curated": "cases"}, "--set or --layer, got both"),
    ],
)
def test_what_cannot_be_written_is_refused_first(workspace, with_rules, tmp_path, wrong, message):
    with pytest.raises(UsageError, match=message):
        export(workspace, with_rules, "chat", tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_what_is_lost_in_translation_is_left_out_and_counted(workspace, store, tmp_path, said):
    lost = Entity(id="T1", category="age", text="old", alignment=Alignment.NONE, alignment_score=0)
    provenance = {"projection": {"T1": "none"}}
    store.add_layers([Layer(record_id="r0", name="carried", author="rules@1", entities=(lost,), provenance=provenance)])
    done = export(workspace, store, "chat", tmp_path / "out", layer="carried")
    assert done.lost == {"entities not found in their translations": 1, "fields of records": 2}
    assert '"age": "N/A"' in (tmp_path / "out" / "unreviewed.jsonl").read_text().replace('\\"', '"')


def test_what_must_be_known_of_a_format_is_said_when_it_is_checked_and_written(workspace, store, said, tmp_path):
    notice = "fhir-mii: profile not validated"
    assert check(workspace, store, "fhir-mii").as_json()["notice"] == "profile not validated"
    assert said == [notice]
    export(workspace, store, "fhir-mii", tmp_path / "out")
    assert said.count(notice) == 2
    assert "notice" not in check(workspace, store, "fhir").as_json()


def test_categories_of_the_settings_are_counted_as_they_are_written(workspace, store, tmp_path):
    values = ["exports.fhir={signs_symptom = 'Condition'}"]
    workspace.__dict__["config"] = with_overrides(workspace.config, values)
    for act in (check, lambda *given: export(*given, tmp_path / "out")):
        with pytest.raises(ConfigError, match=r"exports\.fhir: expected categories of the scheme"):
            act(workspace, store, "fhir")
