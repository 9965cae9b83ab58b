"""Parsing of an annotation's result, which is not trusted: each invalid part is refused with a reason.

Label Studio checks nothing of an annotation that comes through its API, and `value.text` is not the text
(line ends come back as a backslash and an n): only offsets are read, and the wording is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.label_studio.editor.controls import (
    COMMENT,
    CONTINUES,
    DOCUMENT_LABEL,
    FACTS,
    MAIN,
    ORIGINAL,
    QUALITY,
    REASON,
    STARS,
    TRANSLATION,
    VERDICT,
    EditorSide,
)
from annotation.label_studio.editor.wording import REASONS, VERDICTS
from annotation.label_studio.exchange.discontinuous import FragmentChains
from annotation.label_studio.exchange.flat_answers import fact_entities
from curation.record import Assertion, Entity, Fragment, Record, Relation, wording
from curation.scheme import Scheme

#: Label Studio and we make shorter ids; longer ones are refused.
LONGEST_ID = 200

#: More parts than an annotation of the longest report has.
MOST_PARTS = 20_000

#: The origins of a region in Label Studio.
ORIGINS = ("prediction", "prediction-changed", "manual")

Part = dict[str, Any]


@dataclass(slots=True)
class ParsedResult:
    """The valid parts of a result, and why the others were refused; reasons hold offsets and counts, no wording."""

    entities: list[Entity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    quality: int | None = None
    comment: str | None = None
    #: The text of the translation as the person left it.
    translation: str | None = None
    refused: list[str] = field(default_factory=list)


class UnreadableError(ValueError):
    """A part of a result is invalid; not raised outside of this module."""


def parse_result(
    result: object,
    record: Record,
    scheme: Scheme,
    *,
    shown: Mapping[str, Entity] | None = None,
    side: EditorSide = MAIN,
) -> ParsedResult:
    """Parse an annotation of the record, which is the text of one side of the editor.

    ``shown`` are the entities of the predictions: an unchanged one keeps its codes and attributes, which the
    editor does not show.
    """
    parser = _ResultParser(record, scheme, shown or {}, side)
    if not isinstance(result, list):
        parser.parsed.refused.append(f"result: expected a list, got {type(result).__name__}")
        return parser.parsed
    if len(result) > MOST_PARTS:
        parser.parsed.refused.append(f"result: expected at most {MOST_PARTS} parts, got {len(result)}")
        return parser.parsed
    # Regions first, then the parts that refer to them: a result may have any order.
    parts = sorted(_of_side(result, side), key=lambda pair: _kind(pair[1]) != "labels")
    for number, part in parts:
        try:
            parser.read(part)
        except UnreadableError as error:
            parser.parsed.refused.append(f"result {number}: {error}")
    return parser.finish()


class _ResultParser:
    """Parses the parts of one result."""

    def __init__(self, record: Record, scheme: Scheme, shown: Mapping[str, Entity], side: EditorSide) -> None:
        self.parsed = ParsedResult()
        self._side = side
        self._facts: dict[str, list[str]] = {}
        self._record = record
        self._scheme = scheme
        self._shown = shown
        self._regions: dict[str, Entity] = {}
        self._assertions: dict[str, Assertion] = {}
        self._chains = FragmentChains(self._regions)
        self._links: list[tuple[str, str, str]] = []
        self._types = tuple(relation.name for relation in scheme.relations)

    def read(self, part: object) -> None:
        """Add one part, or raise UnreadableError."""
        methods = {
            "labels": self._region,
            "choices": self._choice,
            "textarea": self._lines,
            "rating": self._rating,
            "relation": self._relation,
        }
        if not isinstance(part, dict):
            raise UnreadableError(f"expected an object, got {type(part).__name__}")
        method = methods.get(_kind(part))
        if method is None:
            raise UnreadableError(f"expected one of {', '.join(methods)}, got another type")
        method(part)

    def finish(self) -> ParsedResult:
        """Join fragments, add assertions, and return the parsed result."""
        names: dict[str, str] = {}
        for first in self._chains.firsts():
            chain = self._chains.of(first)
            names |= dict.fromkeys(chain, first)
            self.parsed.entities.append(self._entity(chain))
        self.parsed.entities += fact_entities(self._record, self._facts, self._shown)
        for number, (type, head, tail) in enumerate(self._links, 1):
            if names[head] != names[tail]:
                self.parsed.relations.append(Relation(id=f"R{number}", type=type, head=names[head], tail=names[tail]))
        return self.parsed

    def _region(self, part: Part) -> None:
        _require_control(part, self._side.labels, self._side)
        id, value = self._side.own_id(_region_id(part.get("id"))), _require_object(part.get("value"))
        if id in self._regions:
            raise UnreadableError("expected the region's id once, got it again")
        start, end = self._span(value)
        category = _single(value.get("labels"), self._scheme.by_name, "label")
        score = _score(part.get("score"))
        self._regions[id] = Entity.at(self._record.text, start, end, category, id=id, score=score)
        origin = part.get("origin")
        self.parsed.origins[id] = origin if origin in ORIGINS else "unknown"

    def _choice(self, part: Part) -> None:
        name, values = part.get("from_name"), _require_object(part.get("value")).get("choices")
        if name == self._side.assertion:
            region = self._side.own_id(_region_id(part.get("id")))
            if region not in self._regions:
                raise UnreadableError("expected an assertion of a region, got one of something else")
            self._assertions[region] = Assertion(_single(values, dict.fromkeys(Assertion), "assertion"))
        elif name == VERDICT:
            self.parsed.verdict = _single(values, VERDICTS, "verdict")
        elif name == REASON:
            self.parsed.reasons = _several(values, REASONS, "reason")
        else:
            self._document_label(name, values)

    def _document_label(self, name: object, values: object) -> None:
        for label in self._scheme.labels:
            if name == DOCUMENT_LABEL + label.name:
                value = _single(values, dict.fromkeys(label.values), "document label")
                self.parsed.labels[label.name] = value
                return
        raise UnreadableError("expected a choice of the label config, got another control")

    def _lines(self, part: Part) -> None:
        text = _require_object(part.get("value")).get("text")
        lines = [line for line in (text if isinstance(text, list) else [text]) if isinstance(line, str)]
        name = part.get("from_name")
        if name == TRANSLATION:
            _require_control(part, TRANSLATION, self._side)
            if len(lines) != 1 or self.parsed.translation is not None:
                raise UnreadableError(f"expected one text of the translation, got {len(lines)} or another before")
            self.parsed.translation = lines[0]
            return
        category = name.removeprefix(FACTS) if isinstance(name, str) and name.startswith(FACTS) else None
        if category is None:
            _require_control(part, COMMENT, self._side)
            self.parsed.comment = "\n".join(lines) or None
        elif category in self._scheme.by_name:
            self._facts.setdefault(category, []).extend(lines)
        else:
            raise UnreadableError("expected facts of a category of the scheme, got an unknown one")

    def _rating(self, part: Part) -> None:
        _require_control(part, QUALITY, self._side)
        stars = _require_object(part.get("value")).get("rating")
        if type(stars) is not int or not 1 <= stars <= STARS:
            raise UnreadableError(f"expected a quality from 1 to {STARS}, got another")
        self.parsed.quality = stars

    def _relation(self, part: Part) -> None:
        head, tail = (self._side.own_id(_region_id(part.get(end))) for end in ("from_id", "to_id"))
        if part.get("direction") == "left":
            head, tail = tail, head
        if head not in self._regions or tail not in self._regions or head == tail:
            raise UnreadableError("expected a relation between two regions, got one to something else")
        for name in self._relation_types(part.get("labels")):
            if name != CONTINUES:
                self._links.append((name, head, tail))
            elif problem := self._chains.join(head, tail):
                raise UnreadableError(problem)

    def _relation_types(self, labels: object) -> tuple[str, ...]:
        if labels in (None, []) and len(self._types) == 1:
            # The editor leaves a link without a type when the annotator does not choose one.
            return self._types
        return _several(labels, dict.fromkeys((*self._types, CONTINUES)), "relation type")

    def _span(self, value: Part) -> tuple[int, int]:
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int:
            kinds = f"{type(start).__name__} and {type(end).__name__}"
            raise UnreadableError(f"expected whole numbers as offsets, got {kinds}")
        length = len(self._record.text)
        if not 0 <= start < end <= length:
            raise UnreadableError(f"expected offsets within 0 and {length}, the end after the start, got others")
        if not self._record.text[start:end].strip():
            raise UnreadableError(f"expected a marked wording, got white space at {start}-{end}")
        return start, end

    def _entity(self, chain: list[str]) -> Entity:
        first = self._regions[chain[0]]
        spans = sorted(self._regions[id].spans[0] for id in chain)
        assertion = next((self._assertions[id] for id in chain if id in self._assertions), Assertion.PRESENT)
        shown = self._shown.get(first.id)
        same = shown if shown and (shown.category, list(shown.spans)) == (first.category, spans) else None
        return Entity(
            id=first.id,
            category=first.category,
            text=wording(self._record.text, spans),
            fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
            assertion=assertion,
            score=first.score,
            codes=same.codes if same else (),
            attributes=same.attributes if same else {},
        )


def _kind(part: object) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else ""


def _of_side(result: list[object], side: EditorSide) -> list[tuple[int, object]]:
    """The parts about one text with their numbers; parts about neither text belong to the record's own."""
    other = MAIN if side is ORIGINAL else ORIGINAL
    parts = [(number, part) for number, part in enumerate(result)]
    theirs = {str(part.get("id")) for _, part in parts if isinstance(part, dict) and _comes_from(part, other)}
    ours = {str(part.get("id")) for _, part in parts if isinstance(part, dict) and _comes_from(part, side)}

    def belongs(part: object) -> bool:
        if not isinstance(part, dict):
            return side is MAIN
        if _kind(part) == "relation":
            ends = {str(part.get("from_id")), str(part.get("to_id"))}
            return ends <= ours if side is ORIGINAL else not ends <= theirs
        return _comes_from(part, side) or (side is MAIN and not _comes_from(part, other))

    return [(number, part) for number, part in parts if belongs(part)]


def _comes_from(part: Part, side: EditorSide) -> bool:
    name = part.get("from_name")
    return isinstance(name, str) and name in side.controls


def _require_control(part: Part, control: str, side: EditorSide) -> None:
    if (part.get("from_name"), part.get("to_name")) != (control, side.text):
        raise UnreadableError(f"expected a result from {control} to {side.text}, got other controls")


def _require_object(value: object) -> Part:
    if not isinstance(value, dict):
        raise UnreadableError(f"expected a value object, got {type(value).__name__}")
    return value


def _region_id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        raise UnreadableError("expected an id of letters, got something else")
    return value


def _several(values: object, allowed: Mapping[str, object], what: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        raise UnreadableError(f"expected a list with a {what}, got none")
    if not all(isinstance(value, str) and value in allowed for value in values):
        raise UnreadableError(f"expected a {what} of the scheme, got an unknown one")
    return tuple(dict.fromkeys(values))


def _single(values: object, allowed: Mapping[str, object], what: str) -> str:
    found = _several(values, allowed, what)
    if len(found) != 1:
        raise UnreadableError(f"expected one {what}, got {len(found)}")
    return found[0]


def _score(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None
