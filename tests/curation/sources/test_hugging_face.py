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
    with pytest.raises(SourceError, match="expected a saved Hugging Face data set"):
        outcome(tmp_path / "set")
