"""From a draft to a record with its layer: every annotation checked against the text, or refused with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation, record_id, wording
from curation.sources.draft import Draft, Link, Mention, Span
from curation.sources.language import detect_language
from curation.sources.reading import Lost, Problem, Read, ReadOptions, shown
from curation.text.alignment import align
from curation.text.folding import fold

SURROGATE = re.compile("[\ud800-\udfff]")
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
    yield from building.add_mentions(draft.mentions, where=draft.where)
    yield from building.add_links(draft.links, where=draft.where)
    yield Read(record, (building.layer(draft, options, provenance),))


def _unfit(text: str) -> str | None:
    """Why this cannot be a record's text."""
    if not text.strip():
        return "expected text, got none"
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
    meta = {"source_id": draft.source_id, **draft.meta} if draft.source_id else draft.meta
    return Record(
        id=identity,
        group=draft.group or draft.source_id or identity,
        source=options.source_name or draft.source or source,
        language=language,
        text=draft.text,
        licence=options.licence or draft.licence,
        meta=meta,
    )


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

    def add_mentions(self, mentions: list[Mention], *, where: str) -> Iterator[Problem]:
        for mention in mentions:
            reason = self._add(mention)
            if reason:
                if mention.id not in self.entities:
                    self.refused.add(mention.id)
                yield Problem(mention.where or where, f"entity {shown(mention.id)}: {reason}", Lost.ENTITY)

    def add_links(self, links: list[Link], *, where: str) -> Iterator[Problem]:
        for link in links:
            if reason := self._relate(link):
                yield Problem(link.where or where, f"relation {shown(link.id)}: {reason}", Lost.RELATION)

    def layer(self, draft: Draft, options: ReadOptions, provenance: dict[str, Any]) -> Layer:
        name = options.layer or "gold"
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

    def _add(self, mention: Mention) -> str | None:
        """Why the annotation does not come in; nothing when it does."""
        if mention.id in self.entities:
            return "expected each id once, got it again"
        if not mention.type:
            return "expected a type, got none"
        if any(map(UNSTORABLE.search, _words(mention))):
            return "expected valid characters in its fields, got NUL or half of a pair"
        if mention.spans is None:
            return self._find(mention)
        spans = tuple(sorted(mention.spans))
        if reason := _misplaced(spans, len(self.record.text)):
            return reason
        if mention.wording is None or _same(wording(self.record.text, mention.spans), mention.wording):
            self._put(mention, spans, Alignment.EXACT, 1.0)
            return None
        return self._realign(mention, spans)

    def _realign(self, mention: Mention, spans: tuple[Span, ...]) -> str | None:
        """Puts an annotation whose wording is not at its offsets where the wording is, if it is anywhere."""
        found = align(mention.wording or "", self.record.text, hint=spans[0][0])
        if not found.spans:
            return (
                f"expected its wording ({len(mention.wording or '')} characters) at {_shown(spans)}, "
                "got other text there, and nothing like it elsewhere"
            )
        self.realigned += 1
        self._put(mention, found.spans, found.alignment, found.score)
        return None

    def _find(self, mention: Mention) -> str | None:
        """Looks for an annotation that came without offsets; one that is not found comes in as such."""
        if not mention.wording or not mention.wording.strip():
            return "expected offsets or a wording, got neither"
        taken = self.taken.setdefault(mention.type, [])
        found = align(mention.wording, self.record.text, taken=taken)
        taken.extend(found.spans)
        self._put(mention, found.spans, found.alignment, found.score)
        return None

    def _put(self, mention: Mention, spans: tuple[Span, ...], alignment: Alignment, score: float) -> None:
        exact = alignment is Alignment.EXACT
        self.entities[mention.id] = Entity(
            id=mention.id,
            category=mention.type,
            text=wording(self.record.text, spans) if exact else (mention.wording or "").strip(),
            fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
            alignment=alignment,
            alignment_score=score,
            assertion=mention.assertion,
            attributes=mention.attributes,
            codes=mention.codes,
            score=mention.score,
        )

    def _relate(self, link: Link) -> str | None:
        if link.id in self.relations:
            return "expected each id once, got it again"
        for end in (link.head, link.tail):
            if end in self.refused:
                return f"its entity {shown(end)} was refused"
            if end not in self.entities:
                return f"expected an entity {shown(end)}, got none of that id"
        self.relations[link.id] = Relation(id=link.id, type=link.type, head=link.head, tail=link.tail)
        return None


def _words(mention: Mention) -> Iterator[str]:
    """Everything of an annotation that is text and not the record's."""
    yield from (mention.id, mention.type, mention.wording or "", *mention.codes)
    yield from (*mention.attributes, *mention.attributes.values())


def _misplaced(spans: tuple[Span, ...], length: int) -> str | None:
    """Why the offsets cannot be those of fragments of a text."""
    for start, end in spans:
        if start < 0 or end <= start:
            return f"expected an end after the start, got {start} to {end}"
        if end > length:
            return f"expected offsets within the text of {length} characters, got {start} to {end}"
    for left, right in pairwise(spans):
        if right[0] < left[1]:
            return f"expected fragments apart, got {_shown(spans)}"
    return None if spans else "expected offsets, got none"


def _shown(spans: tuple[Span, ...]) -> str:
    return ", ".join(f"{start} to {end}" for start, end in spans)


def _same(there: str, stated: str) -> bool:
    """Whether two wordings are one but for white space, case and typography.

    A stated wording may go on in lines that belong to something else: then its first line decides.
    """
    if there == stated:
        return True
    words = fold(there).text.split()
    first, *more = stated.strip().splitlines() or [""]
    return words == fold(stated).text.split() or (bool(more) and words == fold(first).text.split())
