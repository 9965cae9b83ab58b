import json

import datasets
import pytest

from curation.record import Entity, Layer, Record, Relation
from curation.scheme import DocumentLabel, Scheme
from curation.store.sets import CuratedSet
from exports.huggingface import features, write
from exports.settings import ExportSettings
from exports.writer import ExportedSet


@pytest.fixture(scope="module")
def folder(view, tmp_path_factory):
    to = tmp_path_factory.mktemp("hf")
    write(view, to, ExportSettings(licence="cc-by-4.0"))
    return to


@pytest.fixture(scope="module")
def loaded(folder, tmp_path_factory):
    return datasets.load_dataset(str(folder), cache_dir=str(tmp_path_factory.mktemp("cache")))


def back(row, typed):
    """The record and layer in a row, as a reader of the data set would make them."""
    names = {column: typed["entities"].feature[column].int2str for column in ("category", "alignment", "assertion")}
    entities = [
        Entity.model_validate(
            {name: names[name](value) if name in names else value for name, value in entity.items()}
            | {"attributes": {pair["name"]: pair["value"] for pair in entity["attributes"]}}
        )
        for entity in row["entities"]
    ]
    plain = ("id", "group", "source", "language", "text", "translation_of", "licence")
    record = Record(**{name: row[name] for name in plain}, meta=json.loads(row["meta"]))
    return record, Layer(
        record_id=row["id"],
        name="gold",
        author=row["author"],
        entities=entities,
        relations=[Relation(**relation) for relation in row["relations"]],
        labels={pair["name"]: pair["value"] for pair in row["labels"]},
    )


def test_load_dataset_reads_back_what_was_written(loaded, members):
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 2, "test": 1}
    for split, rows in loaded.items():
        read = [back(row, rows.features) for row in rows]
        assert [record for record, _ in read] == [record for record, _ in members[split]]
        assert [layer.digest for _, layer in read] == [layer.digest for _, layer in members[split]]


def test_the_features_are_typed(loaded, scheme):
    assert loaded["train"].features == features(scheme)
    assert loaded["train"].features["entities"].feature["category"].names == list(scheme.names)


def test_the_flat_view_goes_along(loaded, members, scheme):
    assert loaded["train"][0]["summary"] == scheme.flat(members["train"][0][1])
    assert loaded["train"][0]["summary"]["signs_symptoms"] == "N/A"


def test_the_card_says_what_is_in_it(folder):
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(folder / "README.md")
    assert card.data.license == "cc-by-4.0"
    assert card.data.language == ["de", "en"]
    assert [config["config_name"] for config in card.data.configs if config.get("default")] == ["entities"]
    assert [split["split"] for split in card.data.configs[0]["data_files"]] == ["train", "test"]
    for fact in ("cases@2", "abc123", "| train | 2 |", "| signs_symptoms | 3 |", "4 quarantined", "| CC BY 4.0 | 2 |"):
        assert fact in card.text


def test_writing_again_replaces_what_was_there(view, tmp_path):
    for _ in range(2):
        files = write(view, tmp_path, ExportSettings())
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)


def test_a_scheme_of_document_labels_is_written_and_read_back(tmp_path):
    scheme = Scheme(name="smoking", labels=(DocumentLabel(name="smoking", values=("current", "never")),))
    record = Record(id="r", group="g", source="test", language="en", text="She never smoked.")
    layer = Layer(record_id="r", name="gold", author="gold", labels={"smoking": "never"})
    manifest = {
        "layer": "gold",
        "splits": {"train": 1},
        "languages": {"en": 1},
        "licences": {"not stated": 1},
        "categories": {},
        "labels": {"smoking": {"current": 0, "never": 1}},
        "dropped": {},
    }
    curated = CuratedSet(digest="d", name="cases", version=1, manifest=manifest)
    write(ExportedSet(curated, scheme, lambda split: iter([(record, layer)])), tmp_path / "out", ExportSettings())
    (row,) = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["train"]
    assert (row["entities"], row["labels"]) == ([], [{"name": "smoking", "value": "never"}])
    assert row["summary"] == {"smoking": "never"}
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "annotated in the 1 document label of the scheme" in card
    assert "| never | 1 |" in card
    assert "text-classification" in card
