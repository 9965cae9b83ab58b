"""Records and their layers as rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue
from pydantic_core import from_json

from curation.batches import batched
from curation.errors import EgressBlockedError, StoreError
from curation.record import Layer, Record, check_layer
from curation.stage import Item, StoredItem, WrittenLayer
from curation.store.engine import CHUNK, Connected
from curation.store.one_at_a_time import StoreTurn, wait_for_turn
from curation.store.tables import layers, records


@dataclass(frozen=True, slots=True)
class Added:
    """How many records were new, and how many the store had already."""

    imported: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class AddedLayers:
    """The layers that were new, and how many of them came after another of their name that said something else."""

    new: tuple[Layer, ...]
    replaced: int


@dataclass(frozen=True, slots=True)
class LayerSave:
    """One version of a layer without what it says."""

    record_id: str
    name: str
    provenance: Mapping[str, JsonValue]
    created: datetime
    entities: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> LayerSave:
        """The save of a layer in plain values."""
        created = datetime.fromisoformat(values["created"])
        return cls(values["record_id"], values["name"], values["provenance"], created, len(values["entities"]))


class Records(Connected):
    """Records and layers: both only ever added, never changed."""

    #: What new records pass on their way into a store on another machine; it raises when one may not go there.
    let_out: Callable[[Sequence[Record]], None] | None = None

    def add_records(self, new: Iterable[Record]) -> Added:
        """Store records that are not there yet; a record's id is a hash of its content.

        Raises EgressBlockedError, and stores nothing of the batch, when the store is on another machine and one of
        them may not go there, or no policy is set.
        """
        imported = unchanged = 0
        for batch in batched(new, CHUNK):
            unique: dict[str, Record] = {}
            for record in batch:
                unique.setdefault(record.id, record)  # the first one stays, as across batches
            self.let_records_out(unique)
            with self.write() as connection:
                fresh = self.insert_records(connection, unique)
            imported += fresh
            unchanged += len(batch) - fresh
        return Added(imported, unchanged)

    def insert_records(self, connection: sa.Connection, unique: Mapping[str, Record]) -> int:
        """How many of the records, by their ids, were not there and are now; within a transaction."""
        if not unique:
            return 0
        wait_for_turn(connection, StoreTurn.RECORDS)
        stored = _stored(connection, unique)
        fresh = [_record_row(record) for id, record in unique.items() if id not in stored]
        if fresh:
            connection.execute(sa.insert(records), fresh)
        return len(fresh)

    def let_records_out(self, unique: Mapping[str, Record]) -> None:
        """Raises EgressBlockedError where the store is on another machine and a new record may not go there."""
        if self.remote is None:
            return
        if self.let_out is None:
            raise EgressBlockedError(
                f"expected the gate of curation.egress on the way to the store at {self.remote}, which is not this "
                "machine, got none; nothing was stored"
            )
        with self.read() as connection:
            stored = _stored(connection, unique)
        self.let_out([record for id, record in unique.items() if id not in stored])

    def with_text(self, text: str) -> Record | None:
        """The first record with this very text, or with this one as Label Studio shows it: each line end one break."""
        shown = sa.func.replace(sa.func.replace(records.c.text, "\r\n", " \n"), "\r", "\n")
        with self.read() as connection:
            for column in (records.c.text, shown):
                found = connection.execute(sa.select(records.c.id).where(column == text).limit(1)).scalar()
                if found is not None:
                    break
        return next(self.records([found])) if found is not None else None

    def add_layers(self, new: Iterable[Layer], *, categories: Mapping[str, object] | None = None) -> int:
        """How many layers were added: those that differ from the latest of their name.

        Each is checked against its record's text (and the categories, if given); one that does not
        fit raises ContradictionError and nothing of its batch is stored.
        """
        added = 0
        for batch in batched(new, CHUNK):
            with self.write() as connection:
                added += self.append_layers(connection, batch, categories=categories)
        return added

    def add_checked_layers(self, new: Iterable[Layer]) -> AddedLayers:
        """`add_layers` for layers that `check_layer` has let pass beside records that are in the store."""
        added: list[Layer] = []
        replaced = 0
        for batch in batched(new, CHUNK):
            with self.write() as connection:
                self.lock_records(connection, {layer.record_id for layer in batch})
                found = append(connection, batch)
            added += found.new
            replaced += found.replaced
        return AddedLayers(tuple(added), replaced)

    def append_layers(
        self,
        connection: sa.Connection,
        batch: Sequence[Layer],
        *,
        categories: Mapping[str, object] | None = None,
    ) -> int:
        """`add_layers` for one batch within a transaction that also holds other things."""
        stored = self.lock_texts(connection, {layer.record_id for layer in batch})
        for layer in batch:
            if layer.record_id not in stored:
                raise StoreError(
                    f"expected record {layer.record_id} in the store before its layer {layer.name}; add it first"
                )
            check_layer(stored[layer.record_id], layer, categories=categories)
        return len(append(connection, batch).new)

    def lock_texts(self, connection: sa.Connection, ids: Iterable[str]) -> dict[str, Record]:
        """`lock_records` with the records."""
        there = self.lock_records(connection, ids)
        rows = (
            connection.execute(sa.select(records).where(records.c.id.in_(batch))) for batch in batched(there, CHUNK)
        )
        return {row.id: record_of(row) for found in rows for row in found}

    def records(
        self, ids: Iterable[str] | None = None, *, language: str | None = None, page: int = CHUNK
    ) -> Iterator[Record]:
        """Records in the order in which they came, streamed; with ids, those that exist."""
        for rows in self._pages(ids, _where(language), page):
            yield from (record_of(row) for row in rows)

    def items(
        self,
        reads: Sequence[str] = (),
        *,
        ids: Iterable[str] | None = None,
        language: str | None = None,
        page: int = CHUNK,
    ) -> Iterator[Item]:
        """Records with the latest layer of each of the names, streamed."""
        return (item.read() for item in self.stored_items(reads, ids=ids, language=language, page=page))

    def stored_items(
        self,
        reads: Sequence[str] = (),
        *,
        ids: Iterable[str] | None = None,
        language: str | None = None,
        page: int = CHUNK,
    ) -> Iterator[StoredItem]:
        """`items` whose layers are not read yet."""
        for rows in self._pages(ids, _where(language), page):
            yield from (item for item, _ in self._items_with_rows([record_of(row) for row in rows], reads))

    def record_ids(self, *, having: Sequence[str] | None = None) -> list[str]:
        """The ids of all records in the order in which they came, or of those with a layer of one of the names."""
        query = sa.select(records.c.id).order_by(records.c.seq)
        if having is not None:
            query = query.where(_has_layer(having))
        with self.read() as connection:
            return list(connection.execute(query).scalars())

    def translated_ids(self) -> frozenset[str]:
        """The ids of the records that have translations."""
        query = sa.select(records.c.translation_of).distinct().where(records.c.translation_of.is_not(None))
        with self.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def translations(self) -> Iterator[tuple[str, str]]:
        """The id of each record that translates another, with the other's, which may not be there."""
        query = sa.select(records.c.id, records.c.translation_of).where(records.c.translation_of.is_not(None))
        with self.read() as connection:
            rows = connection.execute(query.order_by(records.c.seq)).all()
        return ((row.id, row.translation_of) for row in rows)

    def known_ids(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that are ids of records."""
        found: set[str] = set()
        for batch in batched(dict.fromkeys(ids), CHUNK):
            with self.read() as connection:
                found |= _stored(connection, batch)
        return frozenset(found)

    def count_records(self) -> dict[str, int]:
        """How many records there are in each language."""
        query = sa.select(records.c.language, sa.func.count()).group_by(records.c.language)
        with self.read() as connection:
            return dict(sorted(connection.execute(query)))

    def layer(self, record_id: str, name: str) -> Layer | None:
        """The latest layer of a name on a record."""
        with self.read() as connection:
            found = _latest_layers(connection, [record_id], [name])
        return Layer.model_validate_json(found[record_id][name][1]) if found else None

    def layer_digests(self, ids: Iterable[str], names: Sequence[str]) -> dict[tuple[str, str], str]:
        """The digests of the latest layers of the names, by record and name."""
        found: dict[tuple[str, str], str] = {}
        columns = (layers.c.record_id, layers.c.name, layers.c.digest)
        for batch in batched(ids, CHUNK):
            query = _latest(batch, *columns).where(layers.c.name.in_(names))
            with self.read() as connection:
                found |= {(record_id, name): digest for record_id, name, digest in connection.execute(query)}
        return found

    def layer_history(self, record_id: str) -> list[Layer]:
        """All layers of a record, every version, oldest first."""
        query = sa.select(layers.c.content).where(layers.c.record_id == record_id).order_by(layers.c.seq)
        with self.read() as connection:
            return [Layer.model_validate_json(content) for (content,) in connection.execute(query)]

    def layer_versions(
        self, names: Sequence[str], *, ids: Iterable[str] | None = None, page: int = CHUNK
    ) -> Iterator[Layer]:
        """Every version of the named layers, streamed: the records as they came, of each the oldest version first."""
        return map(Layer.model_validate_json, self._version_contents(names, ids, page))

    def layer_values(self, names: Sequence[str], *, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """`layer_versions` as plain values: for counts over many, what the store itself wrote is not checked again."""
        return map(partial(from_json, cache_strings="keys"), self._version_contents(names, ids, CHUNK))

    def _version_contents(self, names: Sequence[str], ids: Iterable[str] | None, page: int) -> Iterator[str]:
        having = ([row.id for row in rows] for rows in self._pages(None, [_has_layer(names)], page))
        for batch in having if ids is None else batched(ids, page):
            query = (
                sa.select(layers.c.content)
                .join(records, records.c.id == layers.c.record_id)
                .where(layers.c.record_id.in_(batch), layers.c.name.in_(names))
                .order_by(records.c.seq, layers.c.seq)
            )
            with self.read() as connection:
                found = connection.execute(query).scalars().all()
            yield from found

    def layer_rows(self, names: Sequence[str], *, after: int | None = None) -> dict[str, list[tuple[str, int]]]:
        """The name and row of each version of the named layers by record, both in the order in which they came.

        after: only of the records that have one of these layers in a later row.
        """
        query = (
            sa.select(layers.c.record_id, layers.c.name, layers.c.seq)
            .join(records, records.c.id == layers.c.record_id)
            .where(layers.c.name.in_(names))
            .order_by(records.c.seq, layers.c.seq)
        )
        if after is not None:
            newer = sa.select(layers.c.record_id).where(layers.c.seq > after, layers.c.name.in_(names))
            query = query.where(layers.c.record_id.in_(newer))
        found: dict[str, list[tuple[str, int]]] = {}
        with self.read() as connection:
            for record_id, name, row in connection.execute(query):
                found.setdefault(record_id, []).append((name, row))
        return found

    def layer_saves(self, names: Sequence[str], *, ids: Sequence[str] | None = None) -> Iterator[LayerSave]:
        """`layer_versions` without what they say: who made each, when and how, and how many entities it has.

        ids: only on these records, at most CHUNK of them.
        """
        provenance, created = (self.json_text(layers.c.content, key) for key in ("provenance", "created"))
        query = (
            sa.select(
                layers.c.record_id, layers.c.name, provenance, created, self.json_count(layers.c.content, "entities")
            )
            .join(records, records.c.id == layers.c.record_id)
            .where(layers.c.name.in_(names))
            .order_by(records.c.seq, layers.c.seq)
        )
        if ids is not None:
            query = query.where(layers.c.record_id.in_(ids))
        with self.read() as connection:
            rows = connection.execute(query).all()
        for record_id, name, how, when, entities in rows:
            yield LayerSave(record_id, name, json.loads(how or "{}"), datetime.fromisoformat(when), entities)

    def last_layer_row(self) -> int:
        """The row of the layer that was added last, 0 where there is none."""
        with self.read() as connection:
            return int(connection.execute(sa.select(sa.func.max(layers.c.seq))).scalar() or 0)

    def layers_mark(self) -> list[int]:
        """Numbers that change with every layer that is added or deleted, in whatever order the layers are committed."""
        marks = (
            sa.func.count(),
            sa.func.coalesce(sa.func.max(layers.c.seq), 0),
            sa.func.coalesce(sa.func.sum(layers.c.seq), 0),
        )
        with self.read() as connection:
            return [int(mark) for mark in connection.execute(sa.select(*marks)).one()]

    def layer_names(self) -> dict[str, int]:
        """How many records have a layer of each name."""
        query = (
            sa.select(layers.c.name, sa.func.count(sa.distinct(layers.c.record_id)))
            .group_by(layers.c.name)
            .order_by(layers.c.name)
        )
        with self.read() as connection:
            return dict(connection.execute(query).all())

    def layer_authors(self) -> dict[str, str]:
        """Who wrote the newest layer of each name."""
        newest = sa.select(sa.func.max(layers.c.seq)).group_by(layers.c.name)
        query = sa.select(layers.c.name, layers.c.author).where(layers.c.seq.in_(newest)).order_by(layers.c.name)
        with self.read() as connection:
            return dict(connection.execute(query).all())

    def _items_with_rows(
        self, page: Sequence[Record], reads: Sequence[str]
    ) -> Iterator[tuple[StoredItem, dict[str, int]]]:
        """The items, each with the row of each of its layers, by the layer's name."""
        found: dict[str, dict[str, tuple[int, str]]] = {}
        if reads and page:
            with self.read() as connection:
                found = _latest_layers(connection, [record.id for record in page], reads)
        for record in page:
            versions = found.get(record.id, {})
            contents = {name: content for name, (_, content) in versions.items()}
            yield StoredItem(record, contents), {name: row for name, (row, _) in versions.items()}

    def _pages(
        self, ids: Iterable[str] | None, where: Sequence[sa.ColumnElement[bool]], page: int
    ) -> Iterator[Sequence[sa.Row[Any]]]:
        if ids is not None:
            for batch in batched(ids, page):
                with self.read() as connection:
                    yield connection.execute(
                        sa.select(records).where(records.c.id.in_(batch), *where).order_by(records.c.seq)
                    ).all()
            return
        # By key, not by cursor: no read transaction stays open while a consumer works, and what
        # the consumer writes does not disturb the reading.
        after = 0
        while True:
            query = sa.select(records).where(records.c.seq > after, *where).order_by(records.c.seq)
            with self.read() as connection:
                rows = connection.execute(query.limit(page)).all()
            if not rows:
                return
            after = rows[-1].seq
            yield rows


def _where(language: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if language is None else [records.c.language == language]


def _has_layer(names: Sequence[str]) -> sa.ColumnElement[bool]:
    return records.c.id.in_(sa.select(layers.c.record_id).where(layers.c.name.in_(names)))


def _stored(connection: sa.Connection, ids: Iterable[str]) -> set[str]:
    query = sa.select(records.c.id).where(records.c.id.in_(list(ids)))
    return set(connection.execute(query).scalars())


def append(connection: sa.Connection, batch: Sequence[Layer]) -> AddedLayers:
    """The layers of a batch that were added: those that say something else than the latest of their name."""
    new, replaced = append_written(connection, [WrittenLayer.of(layer) for layer in batch])
    return AddedLayers(tuple(batch[index] for index in new), replaced)


def append_written(connection: sa.Connection, batch: Sequence[WrittenLayer]) -> tuple[list[int], int]:
    """The places in a batch of the layers that were added, and how many of these are in the place of others."""
    latest = _latest_digests(connection, {layer.record_id for layer in batch})
    new: list[int] = []
    replaced = 0
    for index, layer in enumerate(batch):
        key, content = (layer.record_id, layer.name), (layer.author, layer.digest)
        if latest.get(key) != content:
            replaced += key in latest and latest[key][1] != layer.digest
            latest[key] = content
            new.append(index)
    if new:
        connection.execute(sa.insert(layers), [asdict(batch[index]) for index in new])
    return new, replaced


def newest_layers() -> sa.Select[tuple[int]]:
    """The rows of the newest layer of each name on each record."""
    return sa.select(sa.func.max(layers.c.seq)).group_by(layers.c.record_id, layers.c.name)


def _latest(ids: Sequence[str], *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(*columns).where(layers.c.seq.in_(newest_layers().where(layers.c.record_id.in_(ids))))


def _latest_digests(connection: sa.Connection, ids: Iterable[str]) -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    for batch in batched(ids, CHUNK):
        columns = (layers.c.record_id, layers.c.name, layers.c.author, layers.c.digest)
        for record_id, name, author, digest in connection.execute(_latest(batch, *columns)):
            found[record_id, name] = (author, digest)
    return found


def _latest_layers(
    connection: sa.Connection, ids: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, tuple[int, str]]]:
    """The latest layers of the names as JSON with their rows, by record and name."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    columns = (layers.c.record_id, layers.c.name, layers.c.seq, layers.c.content)
    for batch in batched(ids, CHUNK):
        query = _latest(batch, *columns).where(layers.c.name.in_(names))
        for record_id, name, row, content in connection.execute(query):
            found.setdefault(record_id, {})[name] = (row, content)
    return found


def _record_row(record: Record) -> dict[str, Any]:
    row = record.model_dump(exclude={"group", "meta"})
    return row | {
        "group_id": record.group,
        "meta": json.dumps(record.meta, ensure_ascii=False, sort_keys=True),
    }


def record_of(row: sa.Row[Any]) -> Record:
    """The record in a row of the table."""
    return Record(
        id=row.id,
        group=row.group_id,
        source=row.source,
        language=row.language,
        text=row.text,
        translation_of=row.translation_of,
        licence=row.licence,
        meta=json.loads(row.meta),
    )
