"""Rows that a tool exported as a whole: our own data sets come back as they were; Label Studio's tasks are refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curation.author import GOLD, AuthorKind, is_human, is_repeat, kind_of
from curation.record import Layer, Record
from curation.sources.reading import Read, ReadOptions

#: The columns by which a row of `curate export hf` is known, and those of them that are the record's.
OWN = frozenset({"id", "group", "source", "language", "text", "translation_of", "meta", "author", "entities",
                 "relations", "labels", "summary"})  # fmt: skip
OF_RECORD = ("id", "group", "source", "language", "text", "translation_of", "licence")
#: The columns that hold lists, and before the names of columns of the flat view, in tables.
LISTS = ("entities", "relations", "labels")
FLAT = "summary."
LABEL_STUDIO = ("annotations", "completions", "predictions")


def foreign_export(values: Mapping[str, Any]) -> str | None:
    """Why a row is not read although it holds annotations: it is a task of Label Studio."""
    results = [item for name in LABEL_STUDIO if isinstance(values.get(name), list) for item in values[name]]
    is_task = isinstance(values.get("data"), dict) and any(name in values for name in LABEL_STUDIO)
    if not is_task and not any(isinstance(item, dict) and isinstance(item.get("result"), list) for item in results):
        return None
    return (
        "expected rows of text and annotations, got tasks exported from Label Studio, which are not read here: nothing "
        "was imported from this file; export as JSON-MIN, or use `curate review pull` for reviews of this workspace"
    )


def own_cells(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with its lists as such, where a table has them as JSON in its cells, as `curate export csv` writes it."""
    if "summary" in values or not any(str(name).startswith(FLAT) for name in values):
        return values
    lists = {name: values.get(name) for name in LISTS}
    if not all(isinstance(cell, str) and cell.startswith("[") for cell in lists.values()):
        return values
    try:
        read = {name: json.loads(str(cell)) for name, cell in lists.items()}
    except (ValueError, RecursionError):
        return values
    return {**values, **read, "summary": {}, "source": values.get("source") or ""}


def is_own_export(values: Mapping[str, Any]) -> bool:
    """Whether a row has the columns of `curate export hf`, class numbers already by their names."""
    entities = values.get("entities")
    return (
        values.keys() >= OWN
        and isinstance(values["meta"], str)
        and isinstance(entities, list)
        and all(isinstance(entity, dict) and isinstance(entity.get("category"), str) for entity in entities)
    )


def own_record(values: Mapping[str, Any], where: str, path: Path, options: ReadOptions) -> Read | None:
    """The record and layer as they were exported, under the author's name; None where they do not hold together."""
    try:
        fields = {name: values.get(name) for name in OF_RECORD}
        record = Record.model_validate(fields | {"meta": json.loads(values["meta"])})
        layer = Layer.model_validate(
            {
                "record_id": record.id,
                "name": _layer_of(values["author"], options.layer or GOLD),
                "author": options.author or values["author"],
                "entities": [_entity(entity) for entity in values["entities"]],
                "relations": values["relations"],
                "labels": _table(values["labels"]),
                "created": datetime.now(UTC),
                "provenance": {"format": "curate export", "split": values.get("split") or path.name.partition("-")[0]},
            }
        )
    except (ValidationError, ValueError, TypeError, KeyError):
        return None
    stated = {"source": options.source_name, "licence": options.licence}
    record = record.model_copy(update={name: value for name, value in stated.items() if value})
    return Read(record, () if options.layer is None else (layer,), where=where)


def _layer_of(author: str, asked: str) -> str:
    """The layer's name: the one that was asked for, or the author's without revision, if it names a kind."""
    if asked != GOLD or kind_of(author) is AuthorKind.OTHER:
        return asked
    return author if is_human(author) or is_repeat(author) else author.partition("@")[0]


def _entity(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "attributes": _table(values["attributes"])}


def _table(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in pairs}
