"""Hugging Face data sets saved in a folder."""

from __future__ import annotations

import pytest

from curation.errors import SourceError
from curation.sources import sniff

datasets = pytest.importorskip("datasets")


def test_every_split_comes_in_and_classes_by_their_names(tmp_path, outcome):
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "language": datasets.Value("string"),
            "kind": datasets.ClassLabel(names=["a", "b"]),
        }
    )
    made = datasets.DatasetDict(
        {
            name: datasets.Dataset.from_list(
                [{"text": f"{name} fever", "language": "en", "kind": 1}], features=features
            )
            for name in ("train", "test")
        }
    )
    made.save_to_disk(tmp_path / "set")
    assert sniff(tmp_path / "set") == "hf"
    result = outcome(tmp_path / "set", mapping={"labels": {"kind": "kind"}, "meta": ["split"]})
    assert [(record.text, record.meta, record.source) for record in result.records] == [
        ("train fever", {"split": "train"}, "set"),
        ("test fever", {"split": "test"}, "set"),
    ]
    assert [layer.labels for layer in result.layers] == [{"kind": "b"}, {"kind": "b"}]


def test_one_split_alone_comes_in_too(tmp_path, outcome):
    datasets.Dataset.from_list([{"text": "fever", "language": "en"}]).save_to_disk(tmp_path / "set")
    assert outcome(tmp_path / "set").texts == ["fever"]


def test_what_cannot_be_loaded_is_said(tmp_path, outcome):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "state.json").write_text("{}")
    with pytest.raises(SourceError, match="expected the state of a saved Hugging Face data set"):
        outcome(tmp_path / "set")


CLASSES = ["drug", "sign"]
TEXT = "No rash, given codeine."


@pytest.mark.parametrize("kind", ["list of objects", "object of lists", "nested", "tags"])
def test_class_numbers_at_any_depth_become_names(kind, tmp_path, outcome):
    label, number = datasets.ClassLabel(names=CLASSES), datasets.Value("int32")
    span = {"start": number, "end": number, "label": label}
    shapes = {
        "list of objects": (datasets.List(span), [{"start": 3, "end": 7, "label": 1}]),
        "object of lists": (datasets.Sequence(span), {"start": [3], "end": [7], "label": [1]}),
        "nested": ({"ner": datasets.List({"kind": {"label": label}, "span": datasets.List(number)})},
                   {"ner": [{"kind": {"label": 1}, "span": [3, 7]}]}),
        "tags": (datasets.List(datasets.ClassLabel(names=["O", "B-sign", "I-sign"])), [0, 1, 0, 0, 0, 0]),
    }  # fmt: skip
    feature, value = shapes[kind]
    column = "ner_tags" if kind == "tags" else "entities"
    columns = {"text": datasets.Value("string"), "tokens": datasets.List(datasets.Value("string")), column: feature}
    rows = [{"text": TEXT, "tokens": ["No", "rash", ",", "given", "codeine", "."], column: value}]
    made = datasets.Dataset.from_list(rows, features=datasets.Features(columns))
    made.save_to_disk(tmp_path / "set")
    made.to_parquet(tmp_path / "x.parquet")
    mapping = {"entities": [{"path": "entities.ner.*", "category": "kind.label"}]} if kind == "nested" else None
    for source in (tmp_path / "set", tmp_path / "x.parquet"):
        result = outcome(source, mapping=mapping)
        assert (result.said, result.entities) == ([], [("sign", "rash", ((3, 7),))])


def test_numbers_without_a_name_stay(tmp_path, outcome):
    features = datasets.Features({"text": datasets.Value("string"), "kind": datasets.ClassLabel(names=CLASSES)})
    rows = [{"text": f"text {n}", "kind": n} for n in (0, None, -1)]
    datasets.Dataset.from_list(rows, features=features).save_to_disk(tmp_path / "set")
    result = outcome(tmp_path / "set")
    assert [record.meta.get("kind") for record in result.records] == ["drug", None, -1]


def test_a_date_out_of_range_costs_nothing_else(tmp_path, outcome):
    import pyarrow as pa

    far = pa.array([253402300800000000, 0], pa.timestamp("us", tz="UTC"))
    table = pa.table({"text": ["one", "two"], "until": far})
    datasets.Dataset(table).save_to_disk(tmp_path / "set")
    result = outcome(tmp_path / "set")
    assert (result.texts, result.said) == (["one", "two"], [])
    assert result.noticed == ["set:1: a date out of range in the column until was kept as a string"]
