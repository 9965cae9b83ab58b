"""Deletion of records with all that rests on them, and the log of it: who, when, why and how much; no text."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime

import sqlalchemy as sa

from curation.batches import batched
from curation.record import Frozen, Record
from curation.store.batches import Batches
from curation.store.engine import CHUNK
from curation.store.one_at_a_time import StoreTurn, wait_for_turn
from curation.store.sets import DELETED
from curation.store.tables import (
    answer_records,
    claims,
    decisions,
    deletions,
    egress,
    egress_records,
    jobs,
    layers,
    measures,
    metadata,
    records,
    review_events,
    review_tasks,
    set_members,
    sets,
)

#: What rests on a record, in the order in which it can be deleted, by the name under which it is counted.
OWNED: Mapping[str, sa.Table] = {
    "set_members": set_members,
    "decisions": decisions,
    "measures": measures,
    "job_states": jobs,
    "review_tasks": review_tasks,
    "layers": layers,
    "answers": answer_records,
}
#: SQLite's errors where it can be tried again later.
NOT_NOW = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")
#: How our ledger names the repeats of a project.
REPEAT = re.compile(r" repeat (\d+)$")


class TaskLeft(Frozen):
    """A task in a project of Label Studio, by the key that names its record there."""

    project: str
    task_id: int | None
    record_id: str

    @property
    def base_project(self) -> str:
        """The project as Label Studio has it: each repeat has a name of its own in our ledger alone."""
        return REPEAT.sub("", self.project)

    @property
    def repeat(self) -> int:
        """The number of the repeat; 0 for a task that is none."""
        found = REPEAT.search(self.project)
        return int(found[1]) if found else 0


class DeletionLine(Frozen):
    """A record that was deleted; `tasks_left` are its tasks in Label Studio that could not be deleted yet."""

    id: int
    record_id: str
    time: str
    by: str
    reason: str
    counts: dict[str, int]
    tasks_left: tuple[TaskLeft, ...] = ()


class DeletionLog(Batches):
    """Deletes records for good, and keeps who did so, when and why."""

    def with_relatives(self, ids: Iterable[str]) -> list[str]:
        """The records with all that was made from them: translations and de-identified copies, and theirs."""
        found = dict.fromkeys(ids)
        fresh = list(found)
        while fresh:
            made = [*self._translations_of(fresh), *self._copies_of(fresh)]
            fresh = [id for id in dict.fromkeys(made) if id not in found]
            found |= dict.fromkeys(fresh)
        return list(found)

    def originals_of(self, ids: Sequence[str]) -> list[str]:
        """The records that these were translated or de-identified from, without those among them."""
        family, found = set(ids), list[str]()
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                translated = sa.select(records.c.translation_of).where(records.c.id.in_(batch))
                found += connection.execute(sa.select(records.c.id).where(records.c.id.in_(translated))).scalars()
            found += [pair[0] for pair in self._replacements(connection) if pair[1] in family]
        return [id for id in dict.fromkeys(found) if id not in family]

    def members(self, ids: Sequence[str]) -> set[str]:
        """Those of the records that are in a curated set."""
        found: set[str] = set()
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                query = sa.select(set_members.c.record_id).where(set_members.c.record_id.in_(batch))
                found |= set(connection.execute(query).scalars())
        return found

    def translated_further(self, ids: Sequence[str]) -> set[str]:
        """Those of the records of which there are translations that are not among them."""
        query = sa.select(records.c.translation_of, records.c.id)
        family, found = set(ids), set[str]()
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                rows = connection.execute(query.where(records.c.translation_of.in_(batch)))
                found |= {row.translation_of for row in rows if row.id not in family}
        return found

    def same_text(self, ids: Sequence[str]) -> list[str]:
        """The other records that have the very text of one of these."""
        family, found = set(ids), dict[str, None]()
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                texts = sa.select(records.c.text).where(records.c.id.in_(batch))
                query = sa.select(records.c.id).where(records.c.text.in_(texts)).order_by(records.c.seq)
                found |= dict.fromkeys(connection.execute(query).scalars())
        return [id for id in found if id not in family]

    def owned_counts(self, ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """How many rows of each kind rest on each record."""
        found: dict[str, dict[str, int]] = {id: dict.fromkeys(OWNED, 0) for id in ids}
        with self.read() as connection:
            for name, table in OWNED.items():
                for batch in batched(ids, CHUNK):
                    query = sa.select(table.c.record_id, sa.func.count()).where(table.c.record_id.in_(batch))
                    for record_id, count in connection.execute(query.group_by(table.c.record_id)):
                        found[record_id][name] = count
        return found

    def memberships(self, ids: Sequence[str]) -> dict[str, Counter[str]]:
        """How many of the records each curated set has in each split, by the set's digest."""
        found: dict[str, Counter[str]] = {}
        columns = (set_members.c.digest, set_members.c.split, sa.func.count())
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                query = sa.select(*columns).where(set_members.c.record_id.in_(batch))
                for digest, split, count in connection.execute(query.group_by(*columns[:2])):
                    found.setdefault(digest, Counter())[split] += count
        return found

    def destinations_of(self, ids: Sequence[str]) -> dict[str, int]:
        """How many of the records have left this machine for each address, by destination and address."""
        query = (
            sa.select(egress.c.destination, egress.c.address, sa.func.count(sa.distinct(egress_records.c.record_id)))
            .join(egress_records, egress_records.c.line == egress.c.seq)
            .where(egress_records.c.refused == 0)
            .group_by(egress.c.destination, egress.c.address)
        )
        found = Counter[str]()
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                rows = connection.execute(query.where(egress_records.c.record_id.in_(batch)))
                found.update({f"{destination} {address}": count for destination, address, count in rows})
        return dict(found)

    def noted_tasks(self, ids: Sequence[str]) -> list[TaskLeft]:
        """The tasks of the records that Label Studio has by our ledger, also those that it never confirmed."""
        query = sa.select(review_tasks.c.project, review_tasks.c.task_id, review_tasks.c.record_id)
        rows: list[sa.Row[tuple[str, int | None, str]]] = []
        with self.read() as connection:
            for batch in batched(ids, CHUNK):
                rows += connection.execute(query.where(review_tasks.c.record_id.in_(batch))).all()
        return [TaskLeft(project=row.project, task_id=row.task_id, record_id=row.record_id) for row in rows]

    def delete_records(
        self,
        family: Sequence[Record],
        *,
        by: str,
        reason: str,
        counts: Mapping[str, Mapping[str, int]],
        tasks_left: Sequence[TaskLeft] = (),
        stand_ins: Mapping[str, str] | None = None,
    ) -> None:
        """Delete the records and all that rests on them, and log each of them, in one transaction.

        Answers of language models that are about other records besides go as well, and questions in batches: what comes
        to these is not kept. counts: what is logged of each record. stand_ins: records that are logged under the id of
        another one. Sets that lose members count them in their manifests. Call `scrub` afterwards: until then the words
        may stand in unused parts of the database.
        """
        ids = [record.id for record in family]
        with self.write() as connection:
            wait_for_turn(connection, StoreTurn.SETS)
            self.lock_records(connection, ids)
            lost = self.memberships(ids)
            self._count_lost(connection, lost)
            self._delete_events(connection, ids)
            self.forget_answers_about(connection, ids)
            self.forget_questions_about(connection, ids)
            for table in (*OWNED.values(), claims):
                for batch in batched(ids, CHUNK):
                    connection.execute(sa.delete(table).where(table.c.record_id.in_(batch)))
            for batch in batched(ids, CHUNK):
                connection.execute(sa.delete(records).where(records.c.id.in_(batch)))
            self._log(connection, ids, by, reason, counts, tasks_left, stand_ins or {})

    def deletions(self) -> list[DeletionLine]:
        """What was deleted, in the order in which it was."""
        with self.read() as connection:
            rows = connection.execute(sa.select(deletions).order_by(deletions.c.seq)).all()
        return [
            DeletionLine(
                id=row.seq,
                record_id=row.record_id,
                time=row.time,
                by=row.by,
                reason=row.reason,
                counts=json.loads(row.counts),
                tasks_left=json.loads(row.tasks_left),
            )
            for row in rows
        ]

    def note_tasks_left(self, line: int, tasks: Sequence[TaskLeft]) -> None:
        """Write which tasks of a deleted record Label Studio still has."""
        written = json.dumps([task.model_dump() for task in tasks])
        with self.write() as connection:
            connection.execute(sa.update(deletions).where(deletions.c.seq == line).values(tasks_left=written))

    def scrub(self) -> bool:
        """Whether the database's files were written anew without what was deleted: unused parts keep old words.

        False where another process holds them, or the disk has no room; then it can be done again. PostgreSQL's log of
        transactions and its backups are its administrator's.
        """
        if self._engine.dialect.name == "sqlite":
            return self._scrub_sqlite()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = set(sa.inspect(connection).get_table_names())
            for name in sorted(there & {table.name for table in metadata.sorted_tables}):
                connection.exec_driver_sql(f"VACUUM (FULL) {name}")
        return True

    def _scrub_sqlite(self) -> bool:
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                cursor.execute("VACUUM")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname.startswith(NOT_NOW):
                    return False
                raise
            return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def _translations_of(self, ids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for batch in batched(ids, CHUNK):
            with self.read() as connection:
                query = sa.select(records.c.id).where(records.c.translation_of.in_(batch))
                found += connection.execute(query).scalars()
        return found

    def _copies_of(self, ids: Sequence[str]) -> list[str]:
        with self.read() as connection:
            return [made for batch in batched(ids, CHUNK) for _, made in self._replacements(connection, list(batch))]

    def _replacements(self, connection: sa.Connection, ids: Sequence[str] | None = None) -> list[tuple[str, str]]:
        """Records that de-identification has replaced, each with one that stands in its place and is there."""
        query = sa.select(decisions.c.record_id, decisions.c.content).where(
            decisions.c.content.contains('"replaced_by"'), *([] if ids is None else [decisions.c.record_id.in_(ids)])
        )
        pairs = [
            (record_id, str(json.loads(content)["details"].get("replaced_by")))
            for record_id, content in connection.execute(query)
        ]
        there: set[str] = set()
        for batch in batched({made for _, made in pairs}, CHUNK):
            there |= set(connection.execute(sa.select(records.c.id).where(records.c.id.in_(batch))).scalars())
        return [pair for pair in dict.fromkeys(pairs) if pair[1] in there]

    def _count_lost(self, connection: sa.Connection, lost: Mapping[str, Counter[str]]) -> None:
        for digest, splits in lost.items():
            manifest = json.loads(
                connection.execute(sa.select(sets.c.manifest).where(sets.c.digest == digest)).scalar_one()
            )
            manifest[DELETED] = dict(Counter(manifest.get(DELETED, {})) + splits)
            connection.execute(sa.update(sets).where(sets.c.digest == digest).values(manifest=json.dumps(manifest)))

    def _delete_events(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Refused answers about the records: they hold words of them. Of some only the task is known."""
        for batch in batched(ids, CHUNK):
            connection.execute(sa.delete(review_events).where(review_events.c.record_id.in_(batch)))
        for task in self.noted_tasks(ids):
            about = (review_events.c.project == task.base_project, review_events.c.task_id == task.task_id)
            connection.execute(sa.delete(review_events).where(*about))

    def _log(
        self,
        connection: sa.Connection,
        ids: Sequence[str],
        by: str,
        reason: str,
        counts: Mapping[str, Mapping[str, int]],
        tasks_left: Sequence[TaskLeft],
        stand_ins: Mapping[str, str],
    ) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [
            {
                "record_id": stand_ins.get(id, id),
                "time": now,
                "by": by,
                "reason": reason,
                "counts": json.dumps(dict(counts[id])),
                "tasks_left": json.dumps([task.model_dump() for task in tasks_left if task.record_id == id]),
            }
            for id in ids
        ]
        connection.execute(sa.insert(deletions), rows)
