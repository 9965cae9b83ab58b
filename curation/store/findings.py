"""Measures and decisions as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from pydantic import JsonValue

from curation.batches import batched
from curation.decision import Decision
from curation.store.engine import CHUNK, Connected
from curation.store.tables import decisions, measures

Measures = Mapping[str, JsonValue]


class Findings(Connected):
    """Measures, of which the latest of each stage counts, and decisions, which are only added."""

    def put_measures(self, stage: str, found: Mapping[str, Measures]) -> None:
        """Store what a stage measured on each record, in place of what it had measured before."""
        with self.write() as connection:
            self.write_measures(connection, stage, found)

    def write_measures(self, connection: sa.Connection, stage: str, found: Mapping[str, Measures]) -> None:
        """`put_measures` within a transaction that also holds other things."""
        rows = [
            {"record_id": record_id, "stage": stage, "found": json.dumps(dict(values), ensure_ascii=False)}
            for record_id, values in found.items()
        ]
        self.upsert(connection, measures, rows)

    def measured_ids(self, stage: str) -> Iterator[str]:
        """The ids of the records that a stage has measured, in order, streamed by pages."""
        for page in self._measured_pages(measures.c.stage == stage):
            yield from page

    def measures(
        self, ids: Iterable[str] | None = None, *, stage: str | None = None
    ) -> Iterator[tuple[str, dict[str, JsonValue]]]:
        """Each measured record's id with all its measures, or those of one stage, streamed by pages."""
        where = [] if stage is None else [measures.c.stage == stage]
        pages = batched(ids, CHUNK) if ids is not None else self._measured_pages(*where)
        for page in pages:
            yield from self._page(measures.c.record_id.in_(page), *where)

    def _measured_pages(self, *where: sa.ColumnElement[bool]) -> Iterator[Sequence[str]]:
        after = ""
        while True:
            query = sa.select(measures.c.record_id).distinct().where(measures.c.record_id > after, *where)
            with self.read() as connection:
                page = list(connection.execute(query.order_by(measures.c.record_id).limit(CHUNK)).scalars())
            if not page:
                return
            yield page
            after = page[-1]

    def decide(self, new: Iterable[Decision]) -> int:
        """How many decisions were added: one that says what the latest says is not."""
        added = 0
        for batch in batched(new, CHUNK):
            latest = self.decisions([decision.record_id for decision in batch])
            fresh = [one for one in batch if not one.says_the_same_as(latest.get(one.record_id))]
            rows = [
                {"record_id": one.record_id, "verdict": one.verdict.value, "content": one.model_dump_json()}
                for one in fresh
            ]
            if rows:
                with self.write() as connection:
                    connection.execute(sa.insert(decisions), rows)
            added += len(rows)
        return added

    def decisions(self, ids: Iterable[str] | None = None) -> dict[str, Decision]:
        """The latest decision on each record that has one."""
        if ids is None:
            return self._decisions()
        found: dict[str, Decision] = {}
        for batch in batched(ids, CHUNK):
            found |= self._decisions(decisions.c.record_id.in_(batch))
        return found

    def decision_history(self, record_id: str) -> list[Decision]:
        """All decisions on a record, oldest first."""
        query = sa.select(decisions.c.content).where(decisions.c.record_id == record_id)
        with self.read() as connection:
            rows = connection.execute(query.order_by(decisions.c.seq))
            return [Decision.model_validate_json(content) for (content,) in rows]

    def decisions_by(self, prefix: str) -> Iterator[Decision]:
        """Every decision whose author's name begins so, in the order in which they were made, streamed."""
        after = 0
        query = sa.select(decisions.c.seq, decisions.c.content).order_by(decisions.c.seq).limit(CHUNK)
        query = query.where(self.json_text(decisions.c.content, "by").startswith(prefix, autoescape=True))
        while True:
            with self.read() as connection:
                rows = connection.execute(query.where(decisions.c.seq > after)).all()
            if not rows:
                return
            after = rows[-1].seq
            yield from (Decision.model_validate_json(row.content) for row in rows)

    def decisions_not_by(self, prefix: str) -> dict[str, Decision]:
        """The latest decision on each record whose latest is by somebody whose name does not begin so."""
        by = self.json_text(decisions.c.content, "by")
        return self._decisions(narrowed=~by.startswith(prefix, autoescape=True))

    def count_decisions(self) -> dict[str, int]:
        """How many records have each verdict, by their latest decision."""
        query = (
            sa.select(decisions.c.verdict, sa.func.count())
            .where(decisions.c.seq.in_(_newest()))
            .group_by(decisions.c.verdict)
        )
        with self.read() as connection:
            return dict(sorted(connection.execute(query)))

    def _decisions(
        self, *where: sa.ColumnElement[bool], narrowed: sa.ColumnElement[bool] | None = None
    ) -> dict[str, Decision]:
        query = sa.select(decisions.c.content).where(decisions.c.seq.in_(_newest().where(*where)))
        if narrowed is not None:
            query = query.where(narrowed)
        with self.read() as connection:
            found = [Decision.model_validate_json(content) for (content,) in connection.execute(query)]
        return {decision.record_id: decision for decision in found}

    def _page(self, *where: sa.ColumnElement[bool]) -> Iterator[tuple[str, dict[str, JsonValue]]]:
        query = sa.select(measures.c.record_id, measures.c.found).where(*where).order_by(measures.c.record_id)
        found: dict[str, dict[str, JsonValue]] = {}
        with self.read() as connection:
            for record_id, values in connection.execute(query):
                found.setdefault(record_id, {}).update(json.loads(values))
        yield from found.items()


def _newest() -> sa.Select[tuple[int]]:
    return sa.select(sa.func.max(decisions.c.seq)).group_by(decisions.c.record_id)
