"""What settled records teach about each category: marks that are right, and marks that were not, with what they were.

Only records count whose reviews are still those that were settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from annotation.adjudication.ballot import REJECT, Ballot
from annotation.adjudication.consensus import Standing, State
from curation.record import Entity, Layer, Record
from curation.scoring.matching import overlap

#: Characters of the text that are shown before and after a mark.
CONTEXT = 40

#: Records that can be learned from.
SETTLED = (State.AGREED, State.OUTVOTED, State.ADJUDICATED)


class Fault(StrEnum):
    """What was wrong with a reviewer's mark."""

    CATEGORY = "category"
    BOUNDARY = "boundary"
    ASSERTION = "assertion"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an excerpt, inside the mark or outside."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Right:
    """A wording that is right in its category: in how many marks, how many reviews have it, how many missed it."""

    excerpt: tuple[Part, ...]
    count: int
    found: int
    missed: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wording that reviewers marked so often and that was settled otherwise; ``instead`` is what is right."""

    excerpt: tuple[Part, ...]
    fault: Fault
    instead: str
    count: int


@dataclass(slots=True)
class Lesson:
    """What is known of one category: marks in gold, and the reviewers' marks by what was wrong with them."""

    gold: int = 0
    kept: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    right: list[Right] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


@dataclass(slots=True)
class _Seen:
    """The first excerpt of a wording, and the counts of all."""

    excerpt: tuple[Part, ...]
    counts: Counter[str] = field(default_factory=Counter)


class Lessons:
    """The lessons of settled records in one language."""

    def __init__(self, settled: Iterable[Standing], *, language: str, examples: int = 5) -> None:
        self.records = 0
        self.adjudicated = 0
        self._examples = examples
        self._lessons: dict[str, Lesson] = {}
        self._right: dict[tuple[str, str], _Seen] = {}
        self._wrong: dict[tuple[str, str, Fault, str], _Seen] = {}
        for one in settled:
            gold = one.gold
            useful = gold is not None and gold.provenance.get("verdict") != REJECT
            if gold is not None and useful and one.state in SETTLED and one.ballot.record.language == language:
                self.records += 1
                self.adjudicated += one.state is State.ADJUDICATED
                self._add(one.ballot, gold)

    def of(self, category: str) -> Lesson:
        """The lesson of a category; one without examples where nothing was settled yet."""
        lesson = self._lessons.get(category, Lesson())
        lesson.right = list(self._best_right(category))[: self._examples]
        lesson.wrong = list(self._best_wrong(category))[: self._examples]
        return lesson

    def _add(self, ballot: Ballot, gold: Layer) -> None:
        placed = [entity for entity in gold.entities if entity.fragments]
        for entity in placed:
            self._lesson(entity.category).gold += 1
            self._add_right(ballot, entity)
        for review in ballot.reviews.values():
            for mark in review.entities:
                if mark.fragments:
                    self._add_mark(ballot.record, mark, placed)

    def _add_right(self, ballot: Ballot, entity: Entity) -> None:
        seen = self._right.setdefault((entity.category, _plain(entity)), _Seen(excerpt(ballot.record, entity)))
        found = sum(any(_is_same(entity, one) for one in review.entities) for review in ballot.reviews.values())
        seen.counts.update({"count": 1, "found": found, "missed": len(ballot.reviews) - found})

    def _add_mark(self, record: Record, mark: Entity, gold: list[Entity]) -> None:
        lesson, judged = self._lesson(mark.category), judge(mark, gold)
        if judged is None:
            lesson.kept += 1
            return
        fault, instead = judged
        lesson.faults[fault] += 1
        key = (mark.category, _plain(mark), fault, instead)
        self._wrong.setdefault(key, _Seen(excerpt(record, mark))).counts["count"] += 1

    def _lesson(self, category: str) -> Lesson:
        return self._lessons.setdefault(category, Lesson())

    def _best_right(self, category: str) -> Iterator[Right]:
        """Those that reviewers missed most often first: from what nobody misses, nobody learns."""
        mine = [(wording, seen) for (name, wording), seen in self._right.items() if name == category]
        for _, seen in sorted(mine, key=lambda one: (-one[1].counts["missed"], -one[1].counts["count"], one[0])):
            yield Right(seen.excerpt, seen.counts["count"], seen.counts["found"], seen.counts["missed"])

    def _best_wrong(self, category: str) -> Iterator[Wrong]:
        mine = [(key, seen) for key, seen in self._wrong.items() if key[0] == category]
        for key, seen in sorted(mine, key=lambda one: (-one[1].counts["count"], one[0])):
            yield Wrong(seen.excerpt, key[2], key[3], seen.counts["count"])


def judge(mark: Entity, gold: Iterable[Entity]) -> tuple[Fault, str] | None:
    """What is wrong with a reviewer's mark, and what is right instead; None when gold has the very same."""
    touching = [entity for entity in gold if overlap(entity.spans, mark.spans)]
    there = [entity for entity in touching if entity.spans == mark.spans]
    same = [entity for entity in there if entity.category == mark.category]
    if any(entity.assertion is mark.assertion for entity in same):
        return None
    if same:
        return Fault.ASSERTION, same[0].assertion.value
    if there:
        return Fault.CATEGORY, there[0].category
    if alike := [entity for entity in touching if entity.category == mark.category]:
        return Fault.BOUNDARY, _collapsed(alike[0].text)
    return Fault.REMOVED, ""


def excerpt(record: Record, entity: Entity) -> tuple[Part, ...]:
    """The mark with a few words around it; white space is one blank."""
    text = record.text
    start, end = max(0, entity.start - CONTEXT), min(len(text), entity.end + CONTEXT)
    parts = [Part(("…" if start else "") + text[start : entity.start], False)]
    at = entity.start
    for first, last in entity.spans:
        parts += [Part(text[at:first], False), Part(text[first:last], True)]
        at = last
    parts.append(Part(text[entity.end : end] + ("…" if end < len(text) else ""), False))
    return tuple(Part(_collapsed(part.text, edges=True), part.is_marked) for part in parts if part.text)


def _plain(entity: Entity) -> str:
    return _collapsed(entity.text).casefold()


def _collapsed(text: str, *, edges: bool = False) -> str:
    middle = " ".join(text.split())
    if not edges:
        return middle
    return (" " if text[:1].isspace() else "") + middle + (" " if middle and text[-1:].isspace() else "")


def _is_same(one: Entity, other: Entity) -> bool:
    return (one.category, one.spans, one.assertion) == (other.category, other.spans, other.assertion)
