"""A Hugging Face data set: Parquet files with typed features, and a card."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets import ClassLabel, Dataset, Features, List, Value

from curation.private_files import made_private
from curation.record import Alignment, Assertion, Entity, Layer, Record
from curation.scheme import Scheme
from exports.card import dataset_card
from exports.settings import ExportSettings
from exports.writer import ExportedSet


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """A folder that `datasets.load_dataset` reads back: `data/SPLIT-....parquet` and `README.md`."""
    data = to / "data"
    shutil.rmtree(data, ignore_errors=True)
    made_private(data)
    typed = features(view.scheme)
    files = []
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        for split in view.curated.splits:
            built = Dataset.from_generator(
                _rows,
                features=typed,
                gen_kwargs={"view": view, "split": split},
                cache_dir=cache,
                # The rows cannot be fingerprinted (they come from a database); the set's digest can.
                fingerprint=f"{view.curated.digest}-{split}",
            )
            path = data / f"{split}-00000-of-00001.parquet"
            built.to_parquet(path)
            files.append(path)
    card = to / "README.md"
    card.write_text(dataset_card(view, settings), encoding="utf-8")
    return [*files, card]


def features(scheme: Scheme) -> Features:
    """The columns with their types; categories and assertions are class labels."""
    text, number = Value("string"), Value("int64")
    pair = {"name": text, "value": text}
    entity = {
        "id": text,
        # A class label needs a class.
        "category": ClassLabel(names=list(scheme.names)) if scheme.names else text,
        "text": text,
        "fragments": List({"start": number, "end": number}),
        "alignment": ClassLabel(names=[alignment.value for alignment in Alignment]),
        "alignment_score": Value("float64"),
        "assertion": ClassLabel(names=[assertion.value for assertion in Assertion]),
        "attributes": List(pair),
        "codes": List(text),
        "score": Value("float64"),
    }
    columns = dict.fromkeys(("id", "group", "source", "language", "text", "translation_of", "licence", "meta"), text)
    return Features(
        columns
        | {
            "author": text,
            "entities": List(entity),
            "relations": List(dict.fromkeys(("id", "type", "head", "tail"), text)),
            "labels": List(pair),
            "summary": dict.fromkeys(scheme.flat_keys, text),
        }
    )


def row(record: Record, layer: Layer, scheme: Scheme) -> dict[str, Any]:
    """A record and its layer in the columns of `features`."""
    return record.model_dump(exclude={"meta"}) | {
        "meta": json.dumps(record.meta, ensure_ascii=False, sort_keys=True),
        "author": layer.author,
        "entities": [_entity(entity) for entity in layer.entities],
        "relations": [relation.model_dump() for relation in layer.relations],
        "labels": _pairs(layer.labels),
        "summary": scheme.flat(layer),
    }


def _rows(view: ExportedSet, split: str) -> Iterator[dict[str, Any]]:
    for record, layer in view.members(split):
        yield row(record, layer, view.scheme)


def _entity(entity: Entity) -> dict[str, Any]:
    return entity.model_dump(mode="json") | {"attributes": _pairs(entity.attributes)}


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
