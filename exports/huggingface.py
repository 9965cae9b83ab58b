"""A Hugging Face data set: Parquet files with typed features in five configurations, and a card."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError
from curation.private_files import made_private
from curation.record import Alignment, Assertion, Layer, Record
from curation.scheme import Scheme
from curation.views.chat import chat_example
from exports.card import dataset_card
from exports.chat import system_prompt
from exports.counted import evidence_of
from exports.croissant import write_croissant
from exports.evidence import write_evidence
from exports.parquet_shards import ParquetShards
from exports.rows import EVERYTHING, row
from exports.settings import ExportSettings
from exports.word_tags import tag_names, tagged
from exports.writer import ExportedSet, ExportFormat

#: The folder of the rows that hold everything.
WHOLE = "data"


@dataclass(frozen=True, slots=True)
class HubConfig:
    """A configuration of the data set: its folder, its columns, and a row for each record with numbers for classes."""

    folder: str
    features: Any
    row: Callable[[Record, Layer], dict[str, Any]]


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """A folder that `datasets.load_dataset` reads back: `CONFIG/SPLIT-....parquet` and `README.md`."""
    configs = _configs(view.scheme, settings)
    files: list[Path] = []
    for config in configs.values():
        shutil.rmtree(to / config.folder, ignore_errors=True)
    made_private(to)
    for split in view.curated.splits:
        shards = {
            name: ParquetShards(
                to / config.folder, split, config.features.arrow_schema, megabytes=settings.shard_megabytes
            )
            for name, config in configs.items()
        }
        for record, layer in view.members(split):
            for name, config in configs.items():
                shards[name].add(config.row(record, layer))
        files += [path for shard in shards.values() for path in shard.close()]
    card = to / "README.md"
    folders = {name: config.folder for name, config in configs.items()}
    evidence = evidence_of(view)
    card.write_text(dataset_card(view, settings, folders, evidence), encoding="utf-8")
    whole = [path for path in files if path.parent.name == WHOLE]
    return [*files, write_croissant(view, to, settings, whole, evidence), write_evidence(evidence, to), card]


def _configs(scheme: Scheme, settings: ExportSettings) -> dict[str, HubConfig]:
    """The configurations by name; the first is what `load_dataset` gives when none is named."""
    datasets = _library()
    text, number = datasets.Value("string"), datasets.Value("int64")
    plain = dict.fromkeys(("id", "language", "text"), text)
    prompt = system_prompt(settings)
    tags = tag_names(scheme.names)
    tag_numbers = {tag: number for number, tag in enumerate(tags)}
    configs = {
        "entities": HubConfig(WHOLE, features(scheme), _numbered_rows(scheme)),
        "flat": HubConfig(
            "flat",
            datasets.Features(plain | {"summary": dict.fromkeys(scheme.flat_keys, text)}),
            lambda record, layer: _plain(record) | {"summary": scheme.flat(layer)},
        ),
        "chat": HubConfig(
            "chat",
            datasets.Features(
                {"id": text, "language": text, "messages": datasets.List({"role": text, "content": text})}
            ),
            lambda record, layer: chat_example(record, layer, scheme, prompt=prompt),
        ),
        "documents": HubConfig(
            "documents",
            datasets.Features(
                dict.fromkeys(("id", "group", "source", "language", "text", "translation_of", "licence"), text)
                | ({"labels": dict.fromkeys((label.name for label in scheme.labels), text)} if scheme.labels else {})
            ),
            lambda record, layer: _document(record, layer, scheme),
        ),
    }
    if scheme.categories:
        configs["bio"] = HubConfig(
            "bio",
            datasets.Features(
                {
                    "id": text,
                    "language": text,
                    "tokens": datasets.List(text),
                    "starts": datasets.List(number),
                    "ends": datasets.List(number),
                    "tags": datasets.List(datasets.ClassLabel(names=tags)),
                }
            ),
            lambda record, layer: _tagged_row(record, layer, tag_numbers),
        )
    return configs


def features(scheme: Scheme) -> Any:
    """The columns of the whole with their types (`datasets.Features`); categories and assertions are class labels."""
    datasets = _library()
    text, number = datasets.Value("string"), datasets.Value("int64")
    label, items = datasets.ClassLabel, datasets.List
    pair = {"name": text, "value": text}
    entity = {
        "id": text,
        # A class label needs a class.
        "category": label(names=list(scheme.names)) if scheme.names else text,
        "text": text,
        "fragments": items({"start": number, "end": number}),
        "alignment": label(names=[alignment.value for alignment in Alignment]),
        "alignment_score": datasets.Value("float64"),
        "assertion": label(names=[assertion.value for assertion in Assertion]),
        "attributes": items(pair),
        "codes": items(text),
        "score": datasets.Value("float64"),
    }
    columns = dict.fromkeys(("id", "group", "source", "language", "text", "translation_of", "licence", "meta"), text)
    return datasets.Features(
        columns
        | {
            "author": text,
            "entities": items(entity),
            "relations": items(dict.fromkeys(("id", "type", "head", "tail"), text)),
            "labels": items(pair),
            "summary": dict.fromkeys(scheme.flat_keys, text),
        }
    )


def _plain(record: Record) -> dict[str, Any]:
    return {"id": record.id, "language": record.language, "text": record.text}


def _document(record: Record, layer: Layer, scheme: Scheme) -> dict[str, Any]:
    values = record.model_dump(exclude={"meta"})
    return values | (
        {"labels": {label.name: layer.labels.get(label.name) for label in scheme.labels}} if scheme.labels else {}
    )


def _numbered_rows(scheme: Scheme) -> Callable[[Record, Layer], dict[str, Any]]:
    """Gives a row of the whole as the files hold it: categories, alignments and assertions by their numbers.

    The library does the same for one value after the other, in a third of the time that an export takes.
    """
    numbers = {
        "category": {name: number for number, name in enumerate(scheme.names)},
        "alignment": {alignment.value: number for number, alignment in enumerate(Alignment)},
        "assertion": {assertion.value: number for number, assertion in enumerate(Assertion)},
    }
    if not scheme.names:  # then it is a column of texts
        del numbers["category"]

    def numbered(record: Record, layer: Layer) -> dict[str, Any]:
        values = row(record, layer, scheme)
        for entity in values["entities"]:
            for column, number in numbers.items():
                entity[column] = number[entity[column]]
        return values

    return numbered


def _tagged_row(record: Record, layer: Layer, numbers: Mapping[str, int]) -> dict[str, Any]:
    found = tagged(record, layer)
    return {
        "id": record.id,
        "language": record.language,
        "tokens": [record.text[start:end] for start, end in found.words],
        "starts": [start for start, _ in found.words],
        "ends": [end for _, end in found.words],
        "tags": [numbers[tag] for tag in found.tags],
    }


def _library() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "export") from error
    return datasets


FORMAT = ExportFormat(
    what="a Hugging Face data set with its card: entities, flat view, chat, documents, tags of words",
    write=write,
    losses=EVERYTHING,
    read_as="parquet",
    whole=f"{WHOLE}/*.parquet",
)
