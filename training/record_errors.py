"""Where an adapter and gold differ in a record: what it missed, what it invented, and both marked in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nsmallest
from itertools import pairwise

from pydantic import JsonValue

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.scoring.scores import ScoredDocument
from curation.tagging.folder import Task

#: So many records are listed at least, without their words.
LISTED = 20

Spans = tuple[tuple[int, int], ...]


class MarkKind(StrEnum):
    """Who has marked something."""

    RIGHT = "right"
    MISSED = "missed"  # gold alone
    INVENTED = "invented"  # the adapter alone


@dataclass(frozen=True, slots=True)
class ComparedMark:
    """An entity, a relation or a document label that one side or both have; places are end-exclusive."""

    kind: MarkKind
    name: str
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class MarkedPiece:
    """A piece of a text that no mark begins or ends in, with the marks that it is within."""

    text: str
    marks: tuple[ComparedMark, ...]


@dataclass(frozen=True, slots=True)
class RecordErrors:
    """The marks of both sides on a record; its pieces are clinical text."""

    record_id: str
    language: str
    marks: tuple[ComparedMark, ...]
    pieces: tuple[MarkedPiece, ...] = ()

    @property
    def wrong(self) -> tuple[ComparedMark, ...]:
        """The marks that one side alone has."""
        return tuple(mark for mark in self.marks if mark.kind is not MarkKind.RIGHT)

    def count(self, kind: str) -> int:
        """How many marks are of a kind."""
        return sum(mark.kind == kind for mark in self.marks)

    def as_json(self) -> dict[str, JsonValue]:
        """Counts, categories and places; no words."""
        return {
            "record": self.record_id,
            "language": self.language,
            **{kind.value: self.count(kind) for kind in MarkKind},
            "differences": [
                {"kind": mark.kind.value, "name": mark.name, "spans": [list(span) for span in mark.spans]}
                for mark in self.wrong
            ],
        }


@dataclass
class WorstRecords:
    """The records with the most errors, of all that are added; excerpts: of so many the texts are kept."""

    scheme: Scheme
    task: Task
    excerpts: int
    _found: list[tuple[RecordErrors, Record]] = field(default_factory=list)

    def add(self, document: ScoredDocument, _: object = None) -> None:
        """One more document."""
        gold, predicted = (self._marks(layer) for layer in (document.gold, document.predicted))
        kinds = {
            MarkKind.RIGHT: gold & predicted,
            MarkKind.MISSED: gold - predicted,
            MarkKind.INVENTED: predicted - gold,
        }
        marks = [ComparedMark(kind, *mark) for kind, found in kinds.items() for mark in sorted(found)]
        marks.sort(key=lambda mark: (mark.spans, mark.name, mark.kind))
        errors = RecordErrors(document.record.id, document.record.language, tuple(marks))
        if errors.wrong:
            self._found.append((errors, document.record))
            self._found = nsmallest(max(self.excerpts, LISTED), self._found, key=_worst_first)

    @property
    def records(self) -> tuple[RecordErrors, ...]:
        """The worst first, the first of them with their texts."""
        return tuple(
            RecordErrors(
                errors.record_id,
                errors.language,
                errors.marks,
                tuple(marked_pieces(record.text, errors.marks)) if number < self.excerpts else (),
            )
            for number, (errors, record) in enumerate(self._found)
        )

    def _marks(self, layer: Layer | None) -> set[tuple[str, Spans]]:
        """What a side says that the task is about, by name and places."""
        if layer is None:
            return set()
        if self.task == "labels":
            return {(f"{name}: {value}", ()) for name, value in layer.labels.items()}
        if self.task == "relations":
            entities = {entity.id: entity for entity in layer.entities}
            return {
                (relation.type, (*_spans(entities[relation.head]), *_spans(entities[relation.tail])))
                for relation in layer.relations
            }
        return {(entity.category, _spans(entity)) for entity in layer.entities if self.scheme.counts(entity)}


def marked_pieces(text: str, marks: tuple[ComparedMark, ...]) -> Iterator[MarkedPiece]:
    """The whole text in pieces, cut wherever a mark begins or ends."""
    cuts = sorted({0, len(text), *(border for mark in marks for span in mark.spans for border in span)})
    for start, end in pairwise(cuts):
        inside = (mark for mark in marks if any(low <= start and end <= high for low, high in mark.spans))
        yield MarkedPiece(text[start:end], tuple(inside))


def _worst_first(found: tuple[RecordErrors, Record]) -> tuple[int, str]:
    return -len(found[0].wrong), found[0].record_id


def _spans(entity: Entity) -> Spans:
    return tuple((fragment.start, fragment.end) for fragment in entity.fragments)
