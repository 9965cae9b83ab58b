"""Examples from settled records: for each category correct entities, and incorrect ones with their errors.

Only records count whose reviews have not changed since they were settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from annotation.adjudication.consensus import AdjudicationCase, CaseState
from annotation.agreement.ballot import Ballot
from curation.decision import REJECT
from curation.record import Entity, Layer, Record
from curation.scoring.matching import overlap

#: Characters of the text that are shown before and after an entity.
CONTEXT = 40

#: The states of settled records.
SETTLED = (CaseState.AGREED, CaseState.OUTVOTED, CaseState.ADJUDICATED)


class MarkError(StrEnum):
    """The error of a reviewer's entity."""

    CATEGORY = "category"
    BOUNDARY = "boundary"
    ASSERTION = "assertion"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ExcerptPart:
    """A part of an excerpt, inside the entity or outside."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class CorrectExample:
    """A correct wording of its category: the gold entities with it, the reviews that have and that missed these."""

    excerpt: tuple[ExcerptPart, ...]
    count: int
    found: int
    missed: int


@dataclass(frozen=True, slots=True)
class IncorrectExample:
    """A wording that reviewers marked and gold has not: its error, what gold has instead, and how often."""

    excerpt: tuple[ExcerptPart, ...]
    error: MarkError
    instead: str
    count: int


@dataclass(slots=True)
class CategoryExamples:
    """One category: the entities in gold, the reviewers' correct entities, their errors, and examples of both."""

    gold: int = 0
    correct: int = 0
    errors: Counter[MarkError] = field(default_factory=Counter)
    right: list[CorrectExample] = field(default_factory=list)
    wrong: list[IncorrectExample] = field(default_factory=list)


@dataclass(slots=True)
class _WordingCounts:
    """The first excerpt of a wording, and the counts of all its entities."""

    excerpt: tuple[ExcerptPart, ...]
    counts: Counter[str] = field(default_factory=Counter)


class SettledExamples:
    """The examples of settled records in one language, by category."""

    def __init__(self, settled: Iterable[AdjudicationCase], *, language: str, examples: int = 5) -> None:
        self.records = 0
        self.adjudicated = 0
        self._examples = examples
        self._categories: dict[str, CategoryExamples] = {}
        self._right: dict[tuple[str, str], _WordingCounts] = {}
        self._wrong: dict[tuple[str, str, MarkError, str], _WordingCounts] = {}
        for case in settled:
            gold = case.gold
            useful = gold is not None and gold.provenance.get("verdict") != REJECT
            if gold is not None and useful and case.state in SETTLED and case.ballot.record.language == language:
                self.records += 1
                self.adjudicated += case.state is CaseState.ADJUDICATED
                self._add(case.ballot, gold)

    def of(self, category: str) -> CategoryExamples:
        """The examples of a category; empty where nothing was settled yet."""
        examples = self._categories.get(category, CategoryExamples())
        examples.right = list(self._best_right(category))[: self._examples]
        examples.wrong = list(self._best_wrong(category))[: self._examples]
        return examples

    def _add(self, ballot: Ballot, gold: Layer) -> None:
        located = [entity for entity in gold.entities if entity.fragments]
        for entity in located:
            self._category(entity.category).gold += 1
            self._add_right(ballot, entity)
        for review in ballot.reviews.values():
            for mark in review.entities:
                if mark.fragments:
                    self._add_mark(ballot.record, mark, located)

    def _add_right(self, ballot: Ballot, entity: Entity) -> None:
        counted = self._right.setdefault(
            (entity.category, _folded(entity)), _WordingCounts(excerpt(ballot.record, entity))
        )
        found = sum(any(_is_same(entity, mark) for mark in review.entities) for review in ballot.reviews.values())
        counted.counts.update({"count": 1, "found": found, "missed": len(ballot.reviews) - found})

    def _add_mark(self, record: Record, mark: Entity, gold: list[Entity]) -> None:
        examples, found_error = self._category(mark.category), mark_error(mark, gold)
        if found_error is None:
            examples.correct += 1
            return
        error, instead = found_error
        examples.errors[error] += 1
        key = (mark.category, _folded(mark), error, instead)
        self._wrong.setdefault(key, _WordingCounts(excerpt(record, mark))).counts["count"] += 1

    def _category(self, category: str) -> CategoryExamples:
        return self._categories.setdefault(category, CategoryExamples())

    def _best_right(self, category: str) -> Iterator[CorrectExample]:
        """Correct wordings, those first that reviewers missed most often."""
        of_category = [(wording, counted) for (name, wording), counted in self._right.items() if name == category]
        order = sorted(of_category, key=lambda pair: (-pair[1].counts["missed"], -pair[1].counts["count"], pair[0]))
        for _, counted in order:
            yield CorrectExample(
                counted.excerpt, counted.counts["count"], counted.counts["found"], counted.counts["missed"]
            )

    def _best_wrong(self, category: str) -> Iterator[IncorrectExample]:
        of_category = [(key, counted) for key, counted in self._wrong.items() if key[0] == category]
        for key, counted in sorted(of_category, key=lambda pair: (-pair[1].counts["count"], pair[0])):
            yield IncorrectExample(counted.excerpt, key[2], key[3], counted.counts["count"])


def mark_error(mark: Entity, gold: Iterable[Entity]) -> tuple[MarkError, str] | None:
    """The error of a reviewer's entity and what gold has instead; None when gold has the same entity."""
    touching = [entity for entity in gold if overlap(entity.spans, mark.spans)]
    same_spans = [entity for entity in touching if entity.spans == mark.spans]
    same = [entity for entity in same_spans if entity.category == mark.category]
    if any(entity.assertion is mark.assertion for entity in same):
        return None
    if same:
        return MarkError.ASSERTION, same[0].assertion.value
    if same_spans:
        return MarkError.CATEGORY, same_spans[0].category
    if alike := [entity for entity in touching if entity.category == mark.category]:
        return MarkError.BOUNDARY, _collapsed(alike[0].text)
    return MarkError.REMOVED, ""


def excerpt(record: Record, entity: Entity) -> tuple[ExcerptPart, ...]:
    """The entity with a few words around it; white space is one blank."""
    text = record.text
    start, end = max(0, entity.start - CONTEXT), min(len(text), entity.end + CONTEXT)
    parts = [ExcerptPart(("…" if start else "") + text[start : entity.start], False)]
    at = entity.start
    for first, last in entity.spans:
        parts += [ExcerptPart(text[at:first], False), ExcerptPart(text[first:last], True)]
        at = last
    parts.append(ExcerptPart(text[entity.end : end] + ("…" if end < len(text) else ""), False))
    return tuple(ExcerptPart(_collapsed(part.text, edges=True), part.is_marked) for part in parts if part.text)


def _folded(entity: Entity) -> str:
    return _collapsed(entity.text).casefold()


def _collapsed(text: str, *, edges: bool = False) -> str:
    middle = " ".join(text.split())
    if not edges:
        return middle
    return (" " if text[:1].isspace() else "") + middle + (" " if middle and text[-1:].isspace() else "")


def _is_same(left: Entity, right: Entity) -> bool:
    return (left.category, left.spans, left.assertion) == (right.category, right.spans, right.assertion)
