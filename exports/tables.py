"""Tables for statistics and spreadsheets, as CSV, JSONL and Parquet: a row a record, or (long) a row an entity."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from curation.errors import MissingExtraError
from curation.private_files import made_private
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from exports.losses import TEXTS, Capacity
from exports.parquet_shards import ParquetShards
from exports.rows import EVERYTHING, row
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

#: Before the name of a category in the columns of a table: a category may be called `text`.
FLAT = "summary."
#: The long tables, and the types of their columns.
LONG: dict[str, dict[str, type]] = {
    "entities": {
        **dict.fromkeys(("record", "group", "source", "language", "licence", "author", "entity", "category"), str),
        **dict.fromkeys(("text", "fragments", "assertion", "alignment", "codes", "attributes"), str),
        "start": int,
        "end": int,
        "alignment_score": float,
        "score": float,
    },
    "relations": dict.fromkeys(("record", "relation", "type", "head", "tail"), str),
    "labels": dict.fromkeys(("record", "label", "value"), str),
}
#: Beside the texts, a long table has no column for two fields of records.
LONG_CAPACITY = Capacity(
    unplaced=True,
    discontinuous=True,
    wordings=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    relations=True,
    labels=True,
    fields=("group", "source", "licence"),
)


class TableFile(Protocol):
    """A file, or several, that takes rows as they come."""

    def add(self, row: Mapping[str, Any]) -> None: ...

    def close(self) -> list[Path]: ...


class CsvFile:
    """Rows as CSV: every cell in quotes, lines end as on Unix, lists as JSON."""

    def __init__(self, path: Path, columns: Iterable[str]) -> None:
        self.path, self.columns = path, list(columns)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._table = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._table.writerow(self.columns)

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes one row."""
        cells = (row[name] for name in self.columns)
        self._table.writerow([_json(cell) if isinstance(cell, list) else cell for cell in cells])

    def close(self) -> list[Path]:
        """The file."""
        self._file.close()
        return [self.path]


class JsonlFile:
    """Rows as JSON, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes one row."""
        self._file.write(f"{_json(row)}\n")

    def close(self) -> list[Path]:
        """The file."""
        self._file.close()
        return [self.path]


#: Opens a table of a split in a folder: its name, and the columns with their types.
Opened = Callable[[Path, str, Mapping[str, Any], ExportSettings], TableFile]


def _csv(folder: Path, name: str, columns: Mapping[str, Any], settings: ExportSettings) -> TableFile:
    return CsvFile(folder / f"{name}.csv", columns)


def _jsonl(folder: Path, name: str, columns: Mapping[str, Any], settings: ExportSettings) -> TableFile:
    return JsonlFile(folder / f"{name}.jsonl")


def _parquet(folder: Path, name: str, columns: Mapping[str, Any], settings: ExportSettings) -> TableFile:
    arrow = _pyarrow()
    schema = arrow.schema([(column, _arrow_type(type)) for column, type in columns.items()])
    return ParquetShards(folder, name, schema, megabytes=settings.shard_megabytes)


def write(view: ExportedSet, to: Path, settings: ExportSettings, *, opened: Opened, nested: bool) -> list[Path]:
    """One table a split with a row a record; nested: whether the flat view is an object, not a column a category."""
    made_private(to)
    columns = _columns(view.scheme, nested=nested)
    files = []
    for split in view.curated.splits:
        table = opened(to, split, columns, settings)
        for record, layer in view.members(split):
            values = row(record, layer, view.scheme)
            if not nested:
                values |= {f"{FLAT}{name}": value for name, value in values.pop("summary").items()}
            table.add(values)
        files += table.close()
    return files


def write_long(view: ExportedSet, to: Path, settings: ExportSettings, *, opened: Opened) -> list[Path]:
    """Three tables a split: a row an entity, a row a relation, a row a document label."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        tables = {name: opened(to, f"{split}.{name}", columns, settings) for name, columns in LONG.items()}
        for record, layer in view.members(split):
            for name, values in _long_rows(record, layer):
                tables[name].add(values)
        files += [path for table in tables.values() for path in table.close()]
    return files


def long_losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What long tables have no column for: the texts, and a few fields of records."""
    return LONG_CAPACITY(record, layer, scheme) + Counter({TEXTS: 1})


def _long_rows(record: Record, layer: Layer) -> Iterator[tuple[str, dict[str, Any]]]:
    named = {"record": record.id}
    beside = {name: getattr(record, name) for name in ("group", "source", "language", "licence")}
    for entity in layer.entities:
        yield "entities", named | beside | {"author": layer.author} | _entity_row(entity)
    for link in layer.relations:
        yield (
            "relations",
            named | {"relation": link.id, "type": link.type, "head": link.head, "tail": link.tail},
        )
    for name, value in layer.labels.items():
        yield "labels", named | {"label": name, "value": value}


def _entity_row(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.id,
        "category": entity.category,
        "text": entity.text,
        "start": entity.start if entity.fragments else None,
        "end": entity.end if entity.fragments else None,
        "fragments": ";".join(f"{start}-{end}" for start, end in entity.spans),
        "assertion": entity.assertion.value,
        "alignment": entity.alignment.value,
        "alignment_score": entity.alignment_score,
        "score": entity.score,
        "codes": _json(list(entity.codes)),
        "attributes": _json(entity.attributes),
    }


def _columns(scheme: Scheme, *, nested: bool) -> dict[str, Any]:
    """The columns of a row a record: a type, a list with the fields of its items, or an object with its fields."""
    pair = [{"name": str, "value": str}]
    entity = {
        **dict.fromkeys(("id", "category", "text", "alignment", "assertion"), str),
        "fragments": [{"start": int, "end": int}],
        "alignment_score": float,
        "attributes": pair,
        "codes": [str],
        "score": float,
    }
    plain = ("id", "group", "source", "language", "text", "translation_of", "licence", "meta", "author")
    flat = dict.fromkeys(scheme.flat_keys, str)
    return {
        **dict.fromkeys(plain, str),
        "entities": [entity],
        "relations": [dict.fromkeys(("id", "type", "head", "tail"), str)],
        "labels": pair,
        **({"summary": flat} if nested else {f"{FLAT}{name}": str for name in flat}),
    }


def _arrow_type(type: Any) -> Any:
    arrow = _pyarrow()
    if isinstance(type, list):
        return arrow.list_(_arrow_type(type[0]))
    if isinstance(type, dict):
        return arrow.struct([(name, _arrow_type(inner)) for name, inner in type.items()])
    return {str: arrow.string(), int: arrow.int64(), float: arrow.float64()}[type]


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("pyarrow", "export") from error
    return pyarrow


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


CSV = ExportFormat(
    "a table (CSV) with a row a record: text, a column a category, and everything else as JSON in cells",
    partial(write, opened=_csv, nested=False),
    EVERYTHING,
    read_as="csv",
    whole="*.csv",
)
JSONL = ExportFormat(
    "JSON lines, one a record, with everything in them",
    partial(write, opened=_jsonl, nested=True),
    EVERYTHING,
    read_as="jsonl",
    whole="*.jsonl",
)
PARQUET = ExportFormat(
    "a table (Parquet) with a row a record and everything in it",
    partial(write, opened=_parquet, nested=True),
    EVERYTHING,
    read_as="parquet",
    whole="*.parquet",
)
LONG_CSV = ExportFormat(
    "tables (CSV) with a row an entity, a relation, a label", partial(write_long, opened=_csv), long_losses
)
LONG_JSONL = ExportFormat(
    "JSON lines, one an entity, a relation, a label", partial(write_long, opened=_jsonl), long_losses
)
LONG_PARQUET = ExportFormat(
    "tables (Parquet) with a row an entity, a relation, a label", partial(write_long, opened=_parquet), long_losses
)
