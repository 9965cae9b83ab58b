"""Whether what the store holds is still what came in: changes after which everything can be read, letters for letters.

A record's id is made of its text, a layer's digest of its annotations, a set's of its members, and a decision is in its
row both as a whole and in columns. Nothing tells of the rest: measures, notes of a review, runs, who made a layer when.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json

from curation.record import Layer, layer_digest, record_id
from curation.store.engine import CHUNK, Connected
from curation.store.findings import BLANK, StandingDecision
from curation.store.sets import DELETED, set_digest
from curation.store.tables import decisions, layers, records, set_members, sets

#: The form of ids that are made of a record's content.
MADE_BY_US = re.compile("[0-9a-f]{16}")
#: Whether a row is as it was stored; None where that cannot be known.
Look = Callable[[sa.Row[Any]], bool | None]


@dataclass(slots=True)
class DigestCheck:
    """How many things of a kind were looked at, of how many nothing is known, and which are not as they were stored."""

    kind: str
    looked_at: int = 0
    unknown: int = 0
    changed: list[str] = field(default_factory=list)

    def note(self, is_whole: bool | None, name: str) -> None:
        """Count one more; None where nothing is known of it."""
        self.looked_at += 1
        self.unknown += is_whole is None
        if is_whole is False:
            self.changed.append(name)


def digest_checks(store: Connected, *, made_by_key: Callable[[Mapping[str, Any]], bool]) -> Iterator[DigestCheck]:
    """Of texts, layers, decisions and sets, streamed by pages.

    made_by_key: by a record's meta data, whether its id was made with a secret, so that it cannot be made again.
    """

    def text_is_whole(row: sa.Row[Any]) -> bool | None:
        meta = json.loads(row.meta)
        names = dict.fromkeys((str(meta.get("source_id", "")), "", row.group_id))
        if any(record_id(row.text, language=row.language, source_id=name) == row.id for name in names):
            return True
        return None if made_by_key(meta) or not MADE_BY_US.fullmatch(row.id) else False

    yield _checked(store, "texts", records, lambda row: str(row.id), text_is_whole)
    yield _checked(store, "layers", layers, lambda row: f"{row.name} of {row.record_id}", _layer_is_whole)
    yield _checked(store, "decisions", decisions, lambda row: f"on {row.record_id}", _decision_is_whole)
    yield _sets_checked(store)


def _checked(
    store: Connected, kind: str, table: sa.Table, name: Callable[[sa.Row[Any]], str], look: Look
) -> DigestCheck:
    check, after = DigestCheck(kind), 0
    while True:
        query = sa.select(table).where(table.c.seq > after).order_by(table.c.seq).limit(CHUNK)
        with store.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return check
        after = rows[-1].seq
        for row in rows:
            check.note(_seen(look, row), name(row))


def _seen(look: Look, row: sa.Row[Any]) -> bool | None:
    try:
        return look(row)
    except (ValueError, LookupError, TypeError, AttributeError):
        return False  # a value that is missing, or of another kind


def _layer_is_whole(row: sa.Row[Any]) -> bool:
    values = from_json(row.content)
    stands_in = tuple(values[column] for column in ("record_id", "name", "author"))
    if stands_in != (row.record_id, row.name, row.author):
        return False
    # What was stored before there was a field has it as a layer only.
    return layer_digest(values) == str(row.digest) or Layer.model_validate(values).digest == str(row.digest)


def _decision_is_whole(row: sa.Row[Any]) -> bool:
    decision = StandingDecision(BLANK | from_json(row.content))
    stored = (decision.record_id, *decision.subject, decision.values["verdict"])
    return stored == (str(row.record_id), row.kind, row.subject, row.verdict)


def _set_is_whole(frozen: sa.Row[Any], rows: Iterable[sa.Row[Any]]) -> bool | None:
    manifest = json.loads(frozen.manifest)
    if DELETED in manifest:
        return None
    return set_digest(frozen.name, manifest["scheme"]["digest"], map(tuple, rows)) == str(frozen.digest)


def _sets_checked(store: Connected) -> DigestCheck:
    check = DigestCheck("sets")
    members = sa.select(set_members.c.record_id, layers.c.digest, set_members.c.split).join(
        layers, layers.c.seq == set_members.c.layer_seq
    )
    with store.read() as connection:
        for frozen in connection.execute(sa.select(sets)).all():
            rows = connection.execute(members.where(set_members.c.digest == frozen.digest)).all()
            is_whole = _seen(partial(_set_is_whole, rows=rows), frozen)
            check.note(is_whole, f"{frozen.name}@{frozen.version}")
    return check
