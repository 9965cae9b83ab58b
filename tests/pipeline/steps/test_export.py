"""An export takes the place of an earlier one whole or not at all, and of nothing else in its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unicodedata import normalize

import pytest
from verdicts import given

from curation.decision import Verdict
from curation.errors import ConfigError, EgressBlockedError, UsageError
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.sources import Read, ReadOptions, read
from curation.sources.own_folder import MARKER
from curation.store import Store
from exports.formats import FORMATS
from exports.settings import ExportSettings
from pipeline.config import with_overrides
from pipeline.steps.export import check, export, layer_folders, stored_layer
from pipeline.steps.imports import import_into
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


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")


@pytest.mark.parametrize(
    ("format", "names"),
    [
        ("csv", ["train.csv"]),
        ("csv", ["notes.txt"]),
        ("hf", ["data/own.parquet"]),
        ("brat", ["train/own.ann"]),
        ("csv", [MARKER]),
    ],
)
def test_a_folder_with_files_that_no_export_wrote_is_refused(workspace, store, tmp_path, format, names):
    to = tmp_path / "out"
    put(to, *names)
    with pytest.raises(UsageError, match=rf"no export wrote in .*: {names[0]}; nothing was written\. Write to another"):
        export(workspace, store, format, to)
    assert content(to) == dict.fromkeys(names, b"mine")
    assert store.egress() == []


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("csv", "data/own.parquet", "hf"),
        ("hf", "flat/own.txt", "csv"),  # what an earlier export has there would stay beside the new one
        ("hf", "data/own.parquet", "hf"),
        ("csv", "README.md", "hf"),
        ("csv", "validation-2.csv", "csv"),  # opened with the others, it is read as a split
        ("csv", "layers/own/notes.txt", "csv"),
        ("brat", "annotation.conf/own.txt", "csv"),
    ],
)
def test_files_of_others_among_those_of_an_earlier_export_are_refused(workspace, store, tmp_path, before, name, after):
    to = tmp_path / "out"
    export(workspace, store, before, to, others=["gold"])
    (to / name.partition("/")[0]).unlink() if before == "brat" else None
    put(to, name)
    there = content(to)
    with pytest.raises(UsageError, match=f"no export wrote in .*: {name}; nothing was written"):
        export(workspace, store, after, to)
    assert content(to) == there


def test_some_of_many_files_in_the_way_are_named(workspace, store, tmp_path):
    put(tmp_path / "out", "a/1", "a/2", "b/1", "c")
    with pytest.raises(UsageError, match=r"wrote in .*out: a/1, a/2, b/1 and more; nothing"):
        export(workspace, store, "csv", tmp_path / "out")


def test_empty_folders_and_hidden_files_are_in_nobodys_way(workspace, store, tmp_path):
    (tmp_path / "out" / "train.csv").mkdir(parents=True)
    put(tmp_path / "out", ".gitignore")
    export(workspace, store, "csv", tmp_path / "out")
    assert {".gitignore", "train.csv"} < content(tmp_path / "out").keys()


def test_what_a_file_browser_leaves_is_in_nobodys_way(workspace, store, tmp_path):
    to = tmp_path / "out"
    put(to, "Thumbs.db", "data/.DS_Store")
    export(workspace, store, "hf", to)
    put(to, "data/desktop.ini", "data/.DS_Store")
    export(workspace, store, "hf", to)
    assert "Thumbs.db" in content(to)
    put(to, "data/own.ini")
    with pytest.raises(UsageError, match=r"no export wrote in .*: data/own\.ini; nothing"):
        export(workspace, store, "hf", to)


def test_what_comes_while_an_export_is_written_stays(workspace, store, tmp_path, monkeypatch):
    members, to = store.set_members, tmp_path / "out"

    def late(digest: str, *, split: str | None = None) -> Iterator[object]:
        put(to, "train.csv")
        yield from members(digest, split=split)

    to.mkdir()
    monkeypatch.setattr(store, "set_members", late)
    with pytest.raises(UsageError, match="no export wrote"):
        export(workspace, store, "csv", to)
    assert content(to) == {"train.csv": b"mine"}


def test_a_marker_that_names_files_elsewhere_removes_none(workspace, store, tmp_path):
    to = tmp_path / "out"
    export(workspace, store, "csv", to)
    put(tmp_path, "mine.txt")
    marker = json.loads((to / MARKER).read_text(encoding="utf-8"))
    marker["files"] += ["../mine.txt", "/mine.txt", str(tmp_path / "mine.txt")]
    (to / MARKER).write_text(json.dumps(marker), encoding="utf-8")
    export(workspace, store, "jsonl", to)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert "train.jsonl" in content(to)


def test_a_file_in_the_place_of_the_folder_is_refused(workspace, store, tmp_path):
    (tmp_path / "out").write_text("mine")
    for to in (tmp_path / "out", tmp_path / "out" / "further" / "down"):
        with pytest.raises(UsageError, match=r"expected a folder to write with --to, .*/out is a file$"):
            export(workspace, store, "chat", to)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a link that leads nowhere"):
        export(workspace, store, "chat", tmp_path / "link")


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


def test_where_texts_go_is_said_after_the_checks_and_once(workspace, with_rules, tmp_path, said):
    strict = replace(workspace)
    strict.__dict__["config"] = with_overrides(workspace.config, ["validation.privacy.policy=block"])
    text = "Frau Öztürk hatte seit drei Tagen Fieber und Husten."
    with_rules.add_records([Record(id="n", group="n", source="test", language="de", text=text)])
    for name in ("rules", "some"):
        with_rules.add_layers([Layer(record_id="n", name=name, author="rules@1")])
    text = "Befund: der Patient schlief gut und hatte kein Fieber."
    with_rules.add_records([Record(id="p", group="p", source="test", language="de", text=text)])
    for name in ("plain", "more"):
        with_rules.add_layers([Layer(record_id="p", name=name, author="rules@1")])
    with pytest.raises(EgressBlockedError):
        export(strict, with_rules, "jsonl", tmp_path / "out", layer="some")
    with pytest.raises(UsageError, match="no export wrote"):
        export(strict, with_rules, "jsonl", workspace.folder, layer="plain")
    assert [line for line in said if "texts are written" in line] == []
    export(strict, with_rules, "jsonl", tmp_path / "out", layer="plain", others=["more"])
    said_so = [line for line in said if "texts are written" in line]
    assert said_so == [f"texts are written to {tmp_path / 'out'}, for others (export, privacy policy block)"]


@pytest.fixture
def with_people(workspace: Workspace, store: Store) -> Store:
    """A set of what anna says; ruth says something else, and anna something else again."""
    for number in range(6):
        id = f"r{number}"
        text = f"Bett {number}: der Patient hatte Fieber."
        for name, end in (("human:anna", 4), ("human:ruth", 6), ("repeat:anna", 12)):
            entities = (Entity.at(text, 0, end, "social_history", id="T1"),)
            store.add_layers([Layer(record_id=id, name=name, author=name, entities=entities)])
    store.decide(given(store.record_ids(), "human:anna"))
    freeze(store, workspace.scheme, name="people", layers=["human:anna"], split=SplitSettings(seed=1))
    return store


NAMES = (b"anna", b"ruth")


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in WITHOUT_SPLITS])
def test_no_persons_name_leaves_in_any_format(workspace, with_people, tmp_path, format):
    export(workspace, with_people, format, tmp_path / "out", others=["human:ruth", "repeat:anna"])
    layers = tmp_path / "out" / "layers"
    assert sorted(path.name for path in layers.iterdir()) == ["person-2", "repeat-person-1"]
    found = content(tmp_path / "out")
    assert [name for name, written in found.items() if any(person in written for person in NAMES)] == []
    marker = json.loads((tmp_path / "out" / MARKER).read_text(encoding="utf-8"))
    assert (marker["layer"], marker["set"]) == ("human:person-1", "people@1")


def test_who_is_who_is_said_here(workspace, with_people, tmp_path, said):
    done = export(workspace, with_people, "jsonl", tmp_path / "out", others=["human:ruth", "repeat:anna"])
    assert done.as_json()["people"] == {
        "human:person-1": "human:anna",
        "human:person-2": "human:ruth",
        "repeat:person-1": "repeat:anna",
    }
    assert (
        "people leave without their names: human:anna as human:person-1, human:ruth as human:person-2, "
        "repeat:anna as repeat:person-1"
    ) in said
    said.clear()
    assert check(workspace, with_people, "fhir").people == {"human:person-1": "human:anna"}
    assert said == ["people leave without their names: human:anna as human:person-1"]


def test_names_leave_where_the_settings_say_so_but_in_no_path(workspace, with_people, tmp_path, said):
    workspace.__dict__["config"] = with_overrides(workspace.config, ["exports.people_named=true"])
    export(workspace, with_people, "jsonl", tmp_path / "out", others=["human:ruth"])
    assert '"author": "human:anna"' in (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "out" / "layers").iterdir()] == ["person-2"]
    assert [line for line in said if line.startswith("warning: the names of 2 people leave")]


def test_an_export_without_names_comes_back_as_it_was(workspace, with_people, tmp_path):
    to = tmp_path / "out"
    export(workspace, with_people, "jsonl", to, others=["human:ruth", "repeat:anna"])
    there = with_people.layer_names()
    sources = [str(to), *map(str, sorted((to / "layers").iterdir()))]
    found = [import_into(workspace, with_people, [source], ReadOptions()) for source in sources]
    assert [(report.imported, report.unchanged, report.layers) for report in found] == [(0, 6, 0)] * 3
    assert with_people.layer_names() == there
    notices = {notice.what for report in found for notice in report.notices}
    named = ", ".join(f"`curate import {source}`" for source in sources[1:])
    assert notices == {f"not read: other layers of these records (2); they come in with {named}"}
    other = Workspace.make(tmp_path / "other")
    with other.open_store() as empty:
        for source in sources:
            import_into(other, empty, [source], ReadOptions())
        assert empty.layer_names() == dict.fromkeys(["human:person-1", "human:person-2", "repeat:person-1"], 6)
        (entity,) = empty.layer("r0", "human:person-2").entities
        assert entity.text == "Bett 0"


def test_a_person_who_says_something_else_by_now_comes_back_as_somebody(workspace, with_people, tmp_path):
    export(workspace, with_people, "jsonl", tmp_path / "out")
    with_people.add_layers([Layer(record_id="r0", name="human:anna", author="human:anna")])
    report = import_into(workspace, with_people, [str(tmp_path / "out")], ReadOptions())
    assert report.by_layer == {"human:person-1": 1}


def test_an_own_group_is_no_other_group(workspace, store, tmp_path):
    for number in range(4):
        id, text = f"s{number}", f"Zimmer {number}: der Patient hatte Husten."
        store.add_records([Record(id=id, group="of a patient", source="test", language="de", text=text)])
        store.add_layers([Layer(record_id=id, name="gold", author="gold")])
    export(workspace, store, "jsonl", tmp_path / "out", layer="gold")
    report = import_into(workspace, store, [str(tmp_path / "out")], ReadOptions())
    assert [notice.what for notice in report.notices] == []


def test_who_corrected_a_text_leaves_without_a_name(workspace, store, tmp_path):
    meta = {"corrected": {"of": "a", "by": "human:änne", "at": "2026-11-30T09:00:00Z"}, "seen": ["human:ö"]}
    store.add_records([Record(id="c", group="c", source="test", language="de", text="Fieber.", meta=meta)])
    store.add_layers([Layer(record_id="c", name="human:ö", author="human:ö")])
    export(workspace, store, "jsonl", tmp_path / "out", layer="human:ö")
    (line,) = (tmp_path / "out" / "unreviewed.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"by": "human:person"' in json.loads(line)["meta"]
    assert '"seen": ["human:person-1"]' in json.loads(line)["meta"]


def test_the_letters_of_a_layer_may_be_composed_or_not(store):
    store.add_layers([Layer(record_id="r0", name="human:änne", author="human:änne")])
    assert stored_layer(store, normalize("NFD", "human:änne")) == "human:änne"
    assert [stored_layer(store, name) for name in ("human:änne", "human:anne")] == ["human:änne", "human:anne"]


def test_layers_of_machines_with_names_of_their_own_have_folders(workspace, store, tmp_path):
    for name in ("adapter:a", "adapter-a"):
        store.add_layers([Layer(record_id="r0", name=name, author="adapter:a@1")])
    export(workspace, store, "jsonl", tmp_path / "out", others=["adapter:a", "adapter-a"])
    assert sorted(path.name for path in (tmp_path / "out" / "layers").iterdir()) == ["adapter-a", "adapter-a-2"]


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
        with pytest.raises(
            ConfigError, match=r"exports\.fhir: expected a category of .* did you mean signs_symptoms\?"
        ):
            act(workspace, store, "fhir")


def test_layers_whose_names_differ_in_case_only_have_folders_of_their_own() -> None:
    view: Any = SimpleNamespace(people=("human:anna",))
    names = ["llm:A", "llm:a", "llm:a-2", "human:anna", "repeat:anna"]
    folders = layer_folders(view, names)
    assert [*folders] == names
    assert folders["human:anna"] == "person-1"
    assert len({folder.casefold() for folder in folders.values()}) == len(names)
