"""What `curate export hf` writes comes in again as it was."""

from __future__ import annotations

from collections import Counter

import pytest

from curation.record import Layer, Record
from curation.sources import ReadOptions
from curation.store.sets import CuratedSet

pytest.importorskip("datasets")

from exports.handover import hand_over
from exports.settings import ExportSettings
from exports.writer import ExportedSet

TEXT = "Pain in the left and right hip. His mother had a stroke; he denies a stroke."


@pytest.fixture(scope="module")
def members(annotated):
    plain = annotated("A [61-year-old]{age} 🩺 without [cough]{signs_symptoms negated}.")
    record = Record(
        id="r9", group="g", source="s", language="en", text=TEXT, licence="CC0", meta={"source_id": "7", "n": [1, None]}
    )
    layer = Layer.model_validate(
        {
            "record_id": "r9",
            "name": "human:anna@x.org",
            "author": "human:anna@x.org",
            "entities": [
                {"id": "a", "category": "signs_symptoms", "text": "Pain in the left hip", "codes": ["X:1"],
                 "score": 0.5,
                 "fragments": [{"start": 0, "end": 16}, {"start": 27, "end": 30}], "attributes": {"side": "left"}},
                {"id": "b", "category": "diagnosis", "text": "strok", "alignment": "fuzzy", "alignment_score": 0.9,
                 "fragments": [{"start": 69, "end": 75}], "assertion": "negated"},
                {"id": "c", "category": "age", "text": "old", "alignment": "none", "alignment_score": 0.0},
            ],
            "relations": [{"id": "R", "type": "related_to", "head": "a", "tail": "b"}],
            "labels": {"smoker": "never"},
        }
    )  # fmt: skip
    german = annotated("[61 Jahre]{age} alt.", language="de", translation_of=plain[0].id)
    machine = german[1].model_copy(update={"name": "rules", "author": "rules@3"})
    return {"train": [plain, (german[0], machine)], "test": [(record, layer)]}


@pytest.fixture(scope="module")
def folder(members, scheme, tmp_path_factory):
    to = tmp_path_factory.mktemp("hf")
    manifest = {"layer": "gold", "splits": {name: len(rows) for name, rows in members.items()}}
    manifest |= {"languages": {}, "licences": {}, "categories": {}, "dropped": {}}
    view = ExportedSet(
        CuratedSet(digest="d", name="x", version=1, manifest=manifest), scheme, lambda split: iter(members[split])
    )
    hand_over("hf", view, to, ExportSettings(), Counter())
    return to


def test_records_and_layers_come_back_as_they_were(folder, members, outcome):
    result = outcome(folder)
    assert result.said == []
    expected = [*members["test"], *members["train"]]
    assert result.records == [record for record, _ in expected]
    assert [layer.digest for layer in result.layers] == [layer.digest for _, layer in expected]
    assert [(layer.name, layer.author) for layer in result.layers] == [
        (layer.name, layer.author) for _, layer in expected
    ]
    assert [layer.provenance["split"] for layer in result.layers] == ["test", "train", "train"]


def test_a_folder_saved_from_it_comes_back_too(folder, members, outcome, tmp_path):
    import datasets

    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    loaded.save_to_disk(tmp_path / "saved")
    result = outcome(tmp_path / "saved")
    assert result.records == [record for record, _ in (*members["train"], *members["test"])]


def test_options_win(folder, outcome):
    assert {layer.name for layer in outcome(folder, options=ReadOptions(layer="mine")).layers} == {"mine"}
    assert outcome(folder, options=ReadOptions(layer=None)).layers == []
    assert {record.licence for record in outcome(folder, options=ReadOptions(licence="MIT")).records} == {"MIT"}


def test_with_a_mapping_it_is_read_as_any_other_source(folder, outcome):
    result = outcome(folder, mapping={"rename": {"diagnosis": "comorbidities"}})
    found = {entity.category: entity for layer in result.layers for entity in layer.entities}
    assert (found["comorbidities"].alignment.value, found["comorbidities"].assertion.value) == ("fuzzy", "negated")
    attributes = [entity.attributes for layer in result.layers for entity in layer.entities]
    assert {"side": "left"} in attributes
    assert result.relations == [("related_to", "a", "b")]
    assert [layer.labels for layer in result.layers if layer.labels] == [{"smoker": "never"}]
