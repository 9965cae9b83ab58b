"""What people call things by: records by a source's own id, a hash or its first letters; layers by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from curation.batches import batched
from curation.decision import Verdict
from curation.errors import UsageError, unknown_name
from curation.store.engine import CHUNK
from curation.store.findings import newest_decisions
from curation.store.records import Records
from curation.store.tables import decisions, layers, records

#: The fewest first letters of a hash that stand for it.
FEWEST_LETTERS = 4
#: So many records stand in an error about a name that fits several.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are asked for; what is None takes all."""

    source: str | None = None
    language: str | None = None
    group: str | None = None
    #: Of the text, of any layer, or on privacy: the latest verdict on one of them.
    verdict: Verdict | None = None
    layer: str | None = None


class References(Records):
    """Names that people give, as the ids of the store. Source ids are for the local console only: see `source_ids`."""

    def find_record(self, reference: str) -> str:
        """The id of the record that a hash, a source's own id, or a hash's first letters stand for, in this order.

        Raises UsageError when it stands for none, or for several, which are named.
        """
        for where in self._meanings(reference):
            query = sa.select(records.c.id, records.c.source, records.c.language).where(where).order_by(records.c.seq)
            with self.read() as connection:
                rows = connection.execute(query.limit(SHOWN + 1)).all()
            if len(rows) == 1:
                return str(rows[0].id)
            if rows:
                shown = ", ".join(f"{row.id} ({row.source}, {row.language})" for row in rows[:SHOWN])
                more = " and more" if len(rows) > SHOWN else ""
                raise UsageError(f"expected one record, {reference!r} stands for several: {shown}{more}")
        raise UsageError(
            f"expected a record, got {reference!r}: no source id, no hash, and not the first {FEWEST_LETTERS} or more "
            "letters of one; see `curate records list`"
        )

    def _meanings(self, reference: str) -> list[sa.ColumnElement[bool]]:
        meanings = [records.c.id == reference, self.json_text(records.c.meta, "source_id") == reference]
        if len(reference) >= FEWEST_LETTERS:
            meanings.append(records.c.id.startswith(reference.lower(), autoescape=True))
        return meanings

    def source_ids(self, ids: Iterable[str]) -> dict[str, str]:
        """What the source calls each of these records, where it has a name for it.

        It may be a patient's number: for the console and `--json` on this machine, never for a file or another one.
        """
        found: dict[str, str] = {}
        source_id = self.json_text(records.c.meta, "source_id")
        for batch in batched(dict.fromkeys(ids), CHUNK):
            query = sa.select(records.c.id, source_id.label("name")).where(records.c.id.in_(batch))
            with self.read() as connection:
                found |= {row.id: row.name for row in connection.execute(query) if row.name}
        return found

    def require_layers(self, names: Iterable[str]) -> None:
        """Raises UsageError when the store has no layer of one of these names."""
        stored = self.layer_names()
        for name in names:
            if name not in stored:
                raise unknown_name("a layer of the store", name, stored)

    def require_source(self, name: str) -> None:
        """Raises UsageError when the store has no record of this source."""
        self._require("a source of a record", name, records.c.source)

    def require_language(self, code: str) -> None:
        """Raises UsageError when the store has no record in this language."""
        self._require("a language of a record", code, records.c.language)

    def require_records(self) -> None:
        """Raises UsageError when the store has no record."""
        with self.read() as connection:
            if connection.execute(sa.select(records.c.id).limit(1)).first() is None:
                raise UsageError("expected records, there are none yet; bring some in with `curate import`")

    def chosen_ids(self, chosen: RecordFilter) -> list[str]:
        """The ids of the records that fit, in the order in which they came.

        Raises UsageError for a source, a language, a group or a layer that no record has.
        """
        where: list[sa.ColumnElement[bool]] = []
        columns = {"source": records.c.source, "language": records.c.language, "group": records.c.group_id}
        for name, column in columns.items():
            if (value := getattr(chosen, name)) is not None:
                self._require(f"a {name} of a record", value, column)
                where.append(column == value)
        if chosen.layer is not None:
            self.require_layers([chosen.layer])
            where.append(records.c.id.in_(sa.select(layers.c.record_id).where(layers.c.name == chosen.layer)))
        if chosen.verdict is not None:
            newest = decisions.c.seq.in_(newest_decisions())
            having = sa.select(decisions.c.record_id).where(newest, decisions.c.verdict == chosen.verdict.value)
            where.append(records.c.id.in_(having))
        with self.read() as connection:
            return list(connection.execute(sa.select(records.c.id).where(*where).order_by(records.c.seq)).scalars())

    def _require(self, what: str, value: str, column: sa.ColumnElement[str]) -> None:
        with self.read() as connection:
            known: Sequence[str] = connection.execute(sa.select(column).distinct().order_by(column)).scalars().all()
        if value not in known:
            raise unknown_name(what, value, known)
