"""Measures and decisions as rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue
from pydantic_core import from_json

from curation.batches import batched
from curation.decision import (
    ANYWHERE,
    OPEN,
    TEXT,
    Decision,
    DecisionKind,
    DecisionSubject,
    Verdict,
    on_privacy,
    subject_name,
)
from curation.store.engine import CHUNK
from curation.store.records import Records, newest_layers
from curation.store.tables import decisions, layers, measures

Measures = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """A decision that counts, as plain values: of many in a list, what the store wrote is not checked again."""

    values: Mapping[str, Any]

    @property
    def record_id(self) -> str:
        """The record."""
        return str(self.values["record_id"])

    @property
    def subject(self) -> DecisionSubject:
        """What the verdict is of."""
        kind = DecisionKind(self.values["kind"])
        return (kind, self.values["layer"] or self.values["destination"] or "")

    @property
    def subject_name(self) -> str:
        """What the verdict is of, for people."""
        return subject_name(self.subject)

    @property
    def by(self) -> str:
        """Who gave it."""
        return str(self.values["by"])

    @property
    def reason(self) -> str:
        """Why."""
        return str(self.values["reason"])

    @property
    def details(self) -> Mapping[str, JsonValue]:
        """What it rests on."""
        details: Mapping[str, JsonValue] = self.values["details"]
        return details


#: What a decision has that was stored before there was such a field, in the order of the fields.
BLANK: dict[str, JsonValue] = {
    name: {} if name == "details" else field.default for name, field in Decision.model_fields.items()
}


class Findings(Records):
    """Measures, of which the latest of each stage counts, and decisions, which are only added.

    Of the decisions on one subject of a record (its text, a layer, a destination) the latest counts.
    """

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
        """How many decisions were added; one that equals the latest on its subject is not added.

        One on a layer that does not say of which version it is, is of the newest. A policy's never comes after a
        person's that still counts, but for a rejection.
        """
        added = 0
        for batch in batched(new, CHUNK):
            ids = {decision.record_id for decision in batch}
            added += self.decide_on(ids, partial(iter, batch))
        return added

    def decide_on(
        self, ids: Iterable[str], make: Callable[[], Iterable[Decision]], *, taking_back: bool = False
    ) -> int:
        """`decide` for what rests on decisions that were read: nobody else decides about the records meanwhile.

        make: reads what was decided, and returns decisions on these records only. taking_back: a person takes back
        what people decided; then a policy's may count again. A record that was deleted meanwhile is left out.
        """
        with self.write() as connection:
            there = self.lock_records(connection, ids)
            # A snapshot of before the lock would not know what was decided since.
            batch = self._with_versions([decision for decision in make() if decision.record_id in there])
            latest = {_key(decision): decision for decision in self.latest_decisions(sorted(there))}
            fresh: list[Decision] = []
            for decision in batch:
                before = latest.get(_key(decision))
                if decision.says_the_same_as(before) or (not taking_back and _gives_way(decision, before)):
                    continue
                latest[_key(decision)] = decision
                fresh.append(decision)
            if fresh:
                connection.execute(sa.insert(decisions), [_decision_row(decision) for decision in fresh])
        return len(fresh)

    def decisions(self, ids: Iterable[str] | None = None, *, subject: DecisionSubject = TEXT) -> dict[str, Decision]:
        """The latest decision on the subject, by default on the text, of each record that has one."""
        return {decision.record_id: decision for decision in self._latest(ids, *_about(subject))}

    def latest_decisions(
        self, ids: Iterable[str] | None = None, *, verdict: Verdict | None = None
    ) -> Iterator[Decision]:
        """The latest decision on every subject of each record; optionally only those with the verdict."""
        return self._latest(ids, also=None if verdict is None else decisions.c.verdict == verdict.value)

    def standing_decisions(self, verdict: Verdict) -> list[StandingDecision]:
        """The latest decisions with the verdict, oldest first.

        What waits for a person on a record whose text was rejected waits no more, and is left out.
        """
        with self.read() as connection:
            query = sa.select(decisions.c.content).where(decisions.c.verdict == verdict.value)
            query = query.where(decisions.c.seq.in_(newest_decisions())).order_by(decisions.c.seq)
            found = [StandingDecision(BLANK | from_json(content)) for content in connection.execute(query).scalars()]
            if verdict not in OPEN:
                return found
            texts = newest_decisions().where(*_about(TEXT))
            rejected = sa.select(decisions.c.record_id).where(decisions.c.verdict == Verdict.REJECTED.value)
            away = set(connection.execute(rejected.where(decisions.c.seq.in_(texts))).scalars())
        return [decision for decision in found if decision.record_id not in away] if away else found

    def privacy_decisions(self, destination: str, ids: Iterable[str] | None = None) -> dict[str, Decision]:
        """The decision on what may leave for the destination: the latest one for it, else the one for anywhere."""
        asked = None if ids is None else list(ids)
        anywhere = self.decisions(asked, subject=on_privacy(ANYWHERE))
        return anywhere | self.decisions(asked, subject=on_privacy(destination))

    def latest_verdicts(self) -> Iterator[tuple[str, DecisionSubject, Verdict, str]]:
        """Of the latest decision on every subject of each record: record, subject, verdict and who decided."""
        by = self.json_text(decisions.c.content, "by").label("by")
        query = sa.select(decisions.c.record_id, decisions.c.kind, decisions.c.subject, decisions.c.verdict, by)
        with self.read() as connection:
            rows = connection.execute(query.where(decisions.c.seq.in_(newest_decisions()))).all()
        # To look the words up takes a third of the time that the enumerations take to find them.
        kinds = {kind.value: kind for kind in DecisionKind}
        verdicts = {verdict.value: verdict for verdict in Verdict}
        return ((id, (kinds[kind], subject), verdicts[verdict], by) for id, kind, subject, verdict, by in rows)

    def outdated_decisions(self, ids: Sequence[str] | None = None) -> dict[tuple[str, DecisionSubject], Decision]:
        """The latest decisions on layers that have changed since, and hold no more; by record and subject.

        Stores of before did not note the version: there it is not known where a layer has several.
        """
        version = self.json_text(decisions.c.content, "version")
        # The few layers of several versions first: beginning with all decisions takes a minute for 20,000 records.
        changed, decided = newest_layers().having(sa.func.count() > 1), newest_decisions()
        if ids is not None:
            changed = changed.where(layers.c.record_id.in_(ids))
            decided = decided.where(decisions.c.record_id.in_(ids))
        changed_rows = changed.subquery()
        query = (
            sa.select(decisions.c.content)
            .select_from(changed_rows)
            .join(layers, layers.c.seq == changed_rows.c[0])
            .join(
                decisions,
                sa.and_(
                    decisions.c.record_id == layers.c.record_id,
                    decisions.c.kind == DecisionKind.LAYER.value,
                    decisions.c.subject == layers.c.name,
                ),
            )
            .where(decisions.c.seq.in_(decided.where(decisions.c.kind == DecisionKind.LAYER.value)))
            .where(version.is_distinct_from(layers.c.digest))
        )
        with self.read() as connection:
            found = list(map(Decision.model_validate_json, connection.execute(query).scalars()))
        return {_key(decision): decision for decision in found if not decision.outlives_its_version}

    def verdicts(self, ids: Iterable[str] | None = None, *, subject: DecisionSubject = TEXT) -> dict[str, Verdict]:
        """The latest verdict on the subject, by default on the text, of each record that has one."""
        found: dict[str, Verdict] = {}
        for newest in _newest_of(ids, *_about(subject)):
            query = sa.select(decisions.c.record_id, decisions.c.verdict).where(decisions.c.seq.in_(newest))
            with self.read() as connection:
                found |= {record_id: Verdict(verdict) for record_id, verdict in connection.execute(query)}
        return found

    def decision_history(self, record_id: str) -> list[Decision]:
        """All decisions on a record, whatever they are of, oldest first."""
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

    def decisions_not_by(self, prefix: str, ids: Iterable[str] | None = None) -> Iterator[Decision]:
        """The latest decision on every subject of each record, where its author's name does not begin so."""
        by = self.json_text(decisions.c.content, "by")
        return self._latest(ids, also=~by.startswith(prefix, autoescape=True))

    def count_decisions(self, kind: DecisionKind = DecisionKind.TEXT) -> dict[str, dict[str, int]]:
        """How many records have each verdict, by their latest decision, for each layer or destination of the kind.

        Verdicts on texts stand under "".
        """
        query = (
            sa.select(decisions.c.subject, decisions.c.verdict, sa.func.count())
            .where(decisions.c.seq.in_(newest_decisions().where(decisions.c.kind == kind.value)))
            .group_by(decisions.c.subject, decisions.c.verdict)
            .order_by(decisions.c.subject, decisions.c.verdict)
        )
        found: dict[str, dict[str, int]] = {}
        with self.read() as connection:
            for subject, verdict, count in connection.execute(query):
                found.setdefault(subject, {})[verdict] = count
        return found

    def _with_versions(self, new: Sequence[Decision]) -> list[Decision]:
        names = {decision.layer for decision in new if decision.layer is not None and decision.version is None}
        newest = self.layer_digests({decision.record_id for decision in new}, sorted(names)) if names else {}
        return [
            decision.model_copy(update={"version": newest.get((decision.record_id, decision.layer))})
            if decision.layer is not None and decision.version is None
            else decision
            for decision in new
        ]

    def _latest(
        self,
        ids: Iterable[str] | None = None,
        *about: sa.ColumnElement[bool],
        also: sa.ColumnElement[bool] | None = None,
    ) -> Iterator[Decision]:
        """The latest decision on every subject that `about` lets through, if `also` holds for it."""
        for newest in _newest_of(ids, *about):
            query = sa.select(decisions.c.content).where(decisions.c.seq.in_(newest)).order_by(decisions.c.seq)
            with self.read() as connection:
                found = connection.execute(query if also is None else query.where(also)).scalars().all()
            yield from map(Decision.model_validate_json, found)

    def _page(self, *where: sa.ColumnElement[bool]) -> Iterator[tuple[str, dict[str, JsonValue]]]:
        query = sa.select(measures.c.record_id, measures.c.found).where(*where).order_by(measures.c.record_id)
        found: dict[str, dict[str, JsonValue]] = {}
        with self.read() as connection:
            for record_id, values in connection.execute(query):
                found.setdefault(record_id, {}).update(json.loads(values))
        yield from found.items()


def _gives_way(decision: Decision, before: Decision | None) -> bool:
    """Whether a policy's decision would come in the place of a person's that counts for the same version.

    A policy may reject what a person had accepted: as de-identification does with what a copy stands for.
    """
    if before is None or decision.is_by_a_person or not before.is_by_a_person:
        return False
    counts = before.version == decision.version or before.outlives_its_version
    return counts and decision.verdict is not Verdict.REJECTED


def _key(decision: Decision) -> tuple[str, DecisionSubject]:
    return (decision.record_id, decision.subject)


def _decision_row(decision: Decision) -> dict[str, str]:
    kind, subject = decision.subject
    return {
        "record_id": decision.record_id,
        "kind": kind.value,
        "subject": subject,
        "verdict": decision.verdict.value,
        "content": decision.model_dump_json(),
    }


def _about(subject: DecisionSubject) -> tuple[sa.ColumnElement[bool], ...]:
    kind, name = subject
    return (decisions.c.kind == kind.value, decisions.c.subject == name)


def newest_decisions() -> sa.Select[tuple[int]]:
    """The rows of the latest decisions on every subject."""
    grouped = (decisions.c.record_id, decisions.c.kind, decisions.c.subject)
    return sa.select(sa.func.max(decisions.c.seq)).group_by(*grouped)


def _newest_of(ids: Iterable[str] | None, *about: sa.ColumnElement[bool]) -> Iterator[sa.Select[tuple[int]]]:
    """`newest_decisions` for all records, or for so many of the ids at a time as one query takes."""
    if ids is None:
        yield newest_decisions().where(*about)
        return
    for batch in batched(ids, CHUNK):
        yield newest_decisions().where(decisions.c.record_id.in_(batch), *about)
