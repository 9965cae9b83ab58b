"""From a draft to a record with its layer: every annotation checked against the text, or refused with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from curation.author import GOLD
from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation, normal_group, record_id, wording
from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.language import detect_language
from curation.sources.placement import shown_spans
from curation.sources.reading import Lost, Problem, Read, ReadOptions, shown
from curation.text.alignment import align

#: Under this name the meta data of a record keep what its source calls it.
SOURCE_ID = "source_id"
SURROGATE = re.compile("[\ud800-\udfff]")
#: What tables write for an empty cell.
NO_TEXT = frozenset({"nan", "<na>", "#n/a"})
#: How documents of other programs begin, whatever their files are called.
MARKUP = {"{\\rtf": "RTF", "%PDF-": "PDF"}
#: What no store holds in a string.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def assemble(
    draft: Draft, options: ReadOptions, *, source: str, provenance: dict[str, Any]
) -> Iterator[Read | Problem]:
    """The record with its layer, after a problem for each annotation that does not come in."""
    if reason := _unfit(draft.text):
        yield Problem(draft.where, reason)
        return
    if fields := [name for name, value in _strings(draft) if UNSTORABLE.search(value)]:
        yield Problem(draft.where, f"expected valid characters in {', '.join(fields)}, got NUL or half of a pair")
        return
    try:
        record = _record(draft, options, source=source)
    except ValidationError as error:
        yield Problem(draft.where, f"not a record: {_reason(error)}")
        return
    if options.layer is None or not draft.annotated:
        yield Read(record)
        return
    building = _Building(record)
    yield from building.add_entities(draft.entities, where=draft.where)
    yield from building.add_relations(draft.relations, where=draft.where)
    yield Read(record, (building.layer(draft, options, provenance),), building.realigned)


def _unfit(text: str) -> str | None:
    """Why this cannot be a record's text."""
    if not text.strip() or text.strip().lower() in NO_TEXT:
        return "expected text, got none"
    if markup := next((name for start, name in MARKUP.items() if text.lstrip().startswith(start)), None):
        return f"expected plain text, got {markup}"
    if "\x00" in text:
        return f"expected text without NUL characters, got one at character {text.index(chr(0))}"
    if broken := SURROGATE.search(text):
        return f"expected valid Unicode, got a broken character (byte or half of a pair) at character {broken.start()}"
    return None


def _strings(draft: Draft) -> Iterator[tuple[str, str]]:
    """Everything else of a record that is text, by the names of people."""
    named = {"id": draft.source_id, "group": draft.group, "source": draft.source, "licence": draft.licence}
    for name, value in (*named.items(), ("language", draft.language)):
        if value:
            yield name, value
    for name, value in (*draft.meta.items(), *draft.labels.items()):
        yield shown(name), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield shown(name), name


def _record(draft: Draft, options: ReadOptions, *, source: str) -> Record:
    language = options.language or draft.language or detect_language(draft.text)
    identity = record_id(draft.text, language=language, source_id=draft.source_id)
    meta = {SOURCE_ID: draft.source_id, **_beside_its_id(draft.meta)} if draft.source_id else draft.meta
    return Record(
        id=identity,
        group=normal_group(draft.group or draft.source_id or identity),
        source=options.source_name or draft.source or source,
        language=language,
        text=draft.text,
        licence=options.licence or draft.licence,
        meta=meta,
    )


def _beside_its_id(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The meta data of a record that has an id; a column that only has the name of it is kept under another one."""
    return {f"{SOURCE_ID} (column)" if name == SOURCE_ID else name: value for name, value in meta.items()}


def _reason(error: ValidationError) -> str:
    """The first complaint, without the value that it is about."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}".lstrip(": ")


@dataclass(slots=True)
class _Building:
    """A layer in the making."""

    record: Record
    entities: dict[str, Entity] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    taken: dict[str, list[Span]] = field(default_factory=dict)
    realigned: int = 0

    def add_entities(self, entities: list[DraftEntity], *, where: str) -> Iterator[Problem]:
        for entity in entities:
            reason = self._add(entity)
            if reason:
                if entity.id not in self.entities:
                    self.refused.add(entity.id)
                yield Problem(entity.where or where, f"entity {shown(entity.id)}: {reason}", Lost.ENTITY)

    def add_relations(self, relations: list[DraftRelation], *, where: str) -> Iterator[Problem]:
        for relation in relations:
            if reason := self._relate(relation):
                yield Problem(relation.where or where, f"relation {shown(relation.id)}: {reason}", Lost.RELATION)

    def layer(self, draft: Draft, options: ReadOptions, provenance: dict[str, Any]) -> Layer:
        name = options.layer or GOLD
        counts = {"realigned": self.realigned} if self.realigned else {}
        # Everything was checked on the way: validating thousands of entities again would double the time.
        return Layer(
            record_id=self.record.id,
            name=name,
            author=options.author or name,
            entities=tuple(self.entities.values()),
            relations=tuple(self.relations.values()),
            labels=draft.labels,
            created=datetime.now(UTC),
            provenance={**provenance, **counts, **draft.notes},
        )

    def _add(self, entity: DraftEntity) -> str | None:
        """Why the annotation does not come in; nothing when it does."""
        if entity.id in self.entities:
            return "expected each id once, got it again"
        if not entity.type:
            return "expected a type, got none"
        if any(map(UNSTORABLE.search, _words(entity))):
            return "expected valid characters in its fields, got NUL or half of a pair"
        if entity.refused:
            return entity.refused
        if entity.spans is None:
            return self._find(entity)
        spans = tuple(sorted(entity.spans))
        if reason := _misplaced(spans, len(self.record.text)):
            return reason
        self.realigned += entity.moved
        self._put(entity, spans, entity.alignment, entity.alignment_score)
        return None

    def _find(self, entity: DraftEntity) -> str | None:
        """Looks for an annotation that came without offsets; one that is not found comes in as such."""
        if not entity.wording or not entity.wording.strip():
            return "expected offsets or a wording, got neither"
        taken = self.taken.setdefault(entity.type, [])
        found = align(entity.wording, self.record.text, taken=taken)
        taken.extend(found.spans)
        self._put(entity, found.spans, found.alignment, found.score)
        return None

    def _put(self, entity: DraftEntity, spans: tuple[Span, ...], alignment: Alignment, score: float) -> None:
        there = alignment is Alignment.EXACT or (bool(spans) and entity.wording is None)
        self.entities[entity.id] = Entity(
            id=entity.id,
            category=entity.type,
            text=wording(self.record.text, spans) if there else (entity.wording or "").strip(),
            fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
            alignment=alignment,
            alignment_score=score,
            assertion=entity.assertion,
            attributes=entity.attributes,
            codes=entity.codes,
            score=entity.score,
        )

    def _relate(self, relation: DraftRelation) -> str | None:
        if relation.id in self.relations:
            return "expected each id once, got it again"
        for end in (relation.head, relation.tail):
            if end in self.refused:
                return f"its entity {shown(end)} was refused"
            if end not in self.entities:
                return f"expected an entity {shown(end)}, got none of that id"
        self.relations[relation.id] = Relation(
            id=relation.id, type=relation.type, head=relation.head, tail=relation.tail
        )
        return None


def _words(entity: DraftEntity) -> Iterator[str]:
    """Everything of an annotation that is text and not the record's."""
    yield from (entity.id, entity.type, entity.wording or "", *entity.codes)
    yield from (*entity.attributes, *entity.attributes.values())


def _misplaced(spans: tuple[Span, ...], length: int) -> str | None:
    """Why the offsets cannot be those of fragments of a text."""
    for start, end in spans:
        if start < 0 or end < 0:
            return "expected whole numbers from 0 as offsets, got something else"
        if end <= start:
            return f"expected an end after the start, got {start} to {end}"
        if end > length:
            return f"expected offsets within the text of {length} characters, got {start} to {end}"
    for left, right in pairwise(spans):
        if right[0] < left[1]:
            return f"expected fragments apart, got {shown_spans(spans)}"
    return None if spans else "expected offsets, got none"
