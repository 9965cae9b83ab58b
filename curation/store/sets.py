"""Curated sets as rows: the record, layer version and split of each member."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import JsonValue

from curation.batches import batched
from curation.errors import StoreError, UsageError
from curation.record import Frozen, Layer, Record, digest
from curation.store.engine import CHUNK
from curation.store.one_at_a_time import StoreTurn, wait_for_turn
from curation.store.records import Records, record_of
from curation.store.tables import layers, records, set_members, sets

#: The key in a set's manifest under which deleted members are counted by their split.
DELETED = "deleted"


class CuratedSet(Frozen):
    """A frozen selection: its name, version, content hash and manifest."""

    digest: str
    name: str
    version: int
    manifest: dict[str, JsonValue]

    @property
    def splits(self) -> dict[str, int]:
        """How many records each split has, without those that were deleted since; empty splits are left out."""
        counts = self.manifest["splits"]
        assert isinstance(counts, dict)
        left = {name: int(str(count)) - self.deleted.get(name, 0) for name, count in counts.items()}
        return {name: count for name, count in left.items() if count}

    @property
    def deleted(self) -> dict[str, int]:
        """How many records of each split were deleted after freezing: then the content hash fits no more."""
        counts = self.manifest.get(DELETED, {})
        assert isinstance(counts, dict)
        return {name: int(str(count)) for name, count in counts.items()}

    @property
    def records(self) -> int:
        """How many records it has."""
        return sum(self.splits.values())


class Sets(Records):
    """Curated sets: written once, never changed but by the deletion of a record, which they count."""

    def latest_layer_keys(self, name: str) -> dict[str, int]:
        """The row of the latest layer of a name on each record that has one."""
        query = sa.select(layers.c.record_id, sa.func.max(layers.c.seq)).where(layers.c.name == name)
        with self.read() as connection:
            return dict(connection.execute(query.group_by(layers.c.record_id)).all())

    def put_set(
        self,
        name: str,
        digest: str,
        manifest: Mapping[str, JsonValue],
        members: Mapping[str, tuple[str, int]],
    ) -> CuratedSet:
        """The frozen set; the same content under the same name stays the same version.

        `members` maps record ids to their split and the row of their layer. Raises StoreError when some were deleted.
        """
        now = datetime.now(UTC).isoformat()
        with self.write() as connection:
            wait_for_turn(connection, StoreTurn.SETS)
            if gone := len(members.keys() - self.lock_records(connection, members)):
                raise StoreError(
                    f"expected the records of the set, {gone} of them were deleted meanwhile; freeze again"
                )
            stored = connection.execute(sa.select(sets).where(sets.c.digest == digest)).one_or_none()
            if stored is None:
                version = 1 + int(
                    connection.execute(
                        sa.select(sa.func.coalesce(sa.func.max(sets.c.version), 0)).where(sets.c.name == name)
                    ).scalar_one()
                )
                row = {"digest": digest, "name": name, "version": version, "frozen": now}
                connection.execute(sa.insert(sets), [row | {"manifest": json.dumps(dict(manifest))}])
            elif DELETED in json.loads(stored.manifest):
                # A deleted record came again: with it, the set is whole again.
                whole = {"manifest": json.dumps(dict(manifest))}
                connection.execute(sa.update(sets).where(sets.c.digest == digest).values(whole))
                connection.execute(sa.delete(set_members).where(set_members.c.digest == digest))
            else:
                members = {}
            for batch in batched(members.items(), CHUNK):
                connection.execute(
                    sa.insert(set_members),
                    [
                        {"digest": digest, "record_id": id, "split": split, "layer_seq": layer}
                        for id, (split, layer) in batch
                    ],
                )
        return self.curated_set(digest)

    def curated_sets(self) -> list[CuratedSet]:
        """All curated sets, in the order in which they were frozen."""
        with self.read() as connection:
            rows = connection.execute(sa.select(sets).order_by(sets.c.frozen, sets.c.name)).all()
        return [_curated_set(row) for row in rows]

    def curated_set(self, reference: str) -> CuratedSet:
        """The set named by its digest, by NAME@VERSION, or by NAME for its latest version."""
        curated_sets = self.curated_sets()
        name, _, version = reference.partition("@")
        fits = [
            curated
            for curated in curated_sets
            if curated.digest == reference or (curated.name == name and version in ("", str(curated.version)))
        ]
        if not fits:
            names = (
                ", ".join(f"{curated.name}@{curated.version}" for curated in curated_sets)
                or "none; run `curate freeze`"
            )
            raise UsageError(f"expected a curated set, got {reference!r}; there are: {names}")
        return fits[-1]

    def set_members(self, digest: str, *, split: str | None = None) -> Iterator[tuple[str, Record, Layer]]:
        """Each member's split, record and frozen layer, in the order in which the records came."""
        after = 0
        query = (
            sa.select(records, set_members.c.split, layers.c.content)
            .select_from(set_members)
            .join(records, records.c.id == set_members.c.record_id)
            .join(layers, layers.c.seq == set_members.c.layer_seq)
            .where(set_members.c.digest == digest)
            .order_by(records.c.seq)
            .limit(CHUNK)
        )
        if split is not None:
            query = query.where(set_members.c.split == split)
        while True:
            with self.read() as connection:
                rows = connection.execute(query.where(records.c.seq > after)).all()
            if not rows:
                return
            after = rows[-1].seq
            for row in rows:
                yield row.split, record_of(row), Layer.model_validate_json(row.content)


def set_digest(name: str, scheme: str, members: Iterable[tuple[str, str, str]]) -> str:
    """The content hash of a set: of its name, its scheme's digest, and each member's id, layer digest and split."""
    return digest([name, scheme, sorted(members)], length=32)


def _curated_set(row: sa.Row[tuple[str, str, int, str]]) -> CuratedSet:
    return CuratedSet(digest=row.digest, name=row.name, version=row.version, manifest=json.loads(row.manifest))
