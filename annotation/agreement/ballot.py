"""The vote on a record: each entity, relation and document label with its voters, and the outcome by majority.

The vote is on an entity as a whole first; where it is in, on its spans and its assertion. Of three reviewers, two
may mark a finding and one of these two as negated: then the majority has the finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeVar

from curation.decision import REJECT
from curation.record import Assertion, Entity, Fragment, Layer, Record, wording
from curation.scoring.matching import Spans, overlap
from curation.text.folding import fold
from curation.text.revision import Revision
from curation.translate.corrected import WRITTEN

VoteValue = TypeVar("VoteValue")


class VoteOutcome(StrEnum):
    """The outcome of a vote."""

    IN = "in"
    OUT = "out"
    TIE = "tie"


def outcome(votes: int, reviewers: int) -> VoteOutcome:
    """In with the votes of more than half of the reviewers, out with fewer, a tie with exactly half."""
    if 2 * votes == reviewers:
        return VoteOutcome.TIE
    return VoteOutcome.IN if 2 * votes > reviewers else VoteOutcome.OUT


@dataclass(frozen=True)
class VotedEntity:
    """One entity with the reviewers who marked it, by the names of their layers, and the number of all reviewers."""

    category: str
    votes: Mapping[str, Entity]
    reviewer_count: int

    @property
    def outcome(self) -> VoteOutcome:
        """Whether the majority has marked it."""
        return outcome(len(self.votes), self.reviewer_count)

    @property
    def is_disputed(self) -> bool:
        """Whether not all reviewers have it with the same spans and the same assertion."""
        return len(self.votes) < self.reviewer_count or len(self._span_votes) > 1 or len(self._assertion_votes) > 1

    @property
    def is_tied(self) -> bool:
        """Whether there is a tie on the entity itself, its spans or its assertion."""
        if self.outcome is VoteOutcome.IN:
            return _is_split_evenly(self._span_votes) or _is_split_evenly(self._assertion_votes)
        return self.outcome is VoteOutcome.TIE

    @property
    def spans(self) -> Spans:
        """The spans with most votes; in a tie the longest, then the first."""
        return min(self._span_votes, key=lambda spans: (-self._span_votes[spans], -_length(spans), spans))

    @property
    def assertion(self) -> Assertion:
        """The assertion with most votes; in a tie the first in the order of `Assertion`."""
        order = list(Assertion)
        return min(
            self._assertion_votes, key=lambda assertion: (-self._assertion_votes[assertion], order.index(assertion))
        )

    def entity(self, record: Record, id: str) -> Entity:
        """The entity as most reviewers have it, with the codes and attributes of the first of these."""
        alike = [entity for entity in self.votes.values() if entity.spans == self.spans]
        source = next((entity for entity in alike if entity.assertion is self.assertion), alike[0])
        return Entity(
            id=id,
            category=self.category,
            text=wording(record.text, self.spans),
            fragments=tuple(Fragment(start=start, end=end) for start, end in self.spans),
            assertion=self.assertion,
            codes=source.codes,
            attributes=source.attributes,
        )

    @cached_property
    def _span_votes(self) -> Counter[Spans]:
        return Counter(entity.spans for entity in self.votes.values())

    @cached_property
    def _assertion_votes(self) -> Counter[Assertion]:
        return Counter(entity.assertion for entity in self.votes.values())


@dataclass(frozen=True, slots=True)
class VotedRelation:
    """A relation between two entities of the ballot, by their numbers."""

    type: str
    head: int
    tail: int
    voters: tuple[str, ...]
    reviewer_count: int

    @property
    def outcome(self) -> VoteOutcome:
        """Whether the majority has marked it."""
        return outcome(len(self.voters), self.reviewer_count)


@dataclass(frozen=True)
class Ballot:
    """The reviews of one record by the names of their layers, and the votes on each entity and relation."""

    record: Record
    reviews: Mapping[str, Layer]
    marks: tuple[VotedEntity, ...]
    links: tuple[VotedRelation, ...]

    @property
    def is_disputed(self) -> bool:
        """Whether the reviewers differ in anything that an adjudicator can decide."""
        return (
            any(mark.is_disputed for mark in self.marks)
            or any(len(link.voters) < link.reviewer_count for link in self.links)
            or any(len(values) > 1 for values in self.labels.values())
            or 0 < self.rejections < len(self.reviews)
            or len(set(self.texts.values())) > 1
        )

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of a translation by reviewer, of those who corrected it."""
        written = {name: layer.provenance.get(WRITTEN) for name, layer in self.reviews.items()}
        revisions = {
            name: Revision.of(self.record.text, text)
            for name, text in written.items()
            if isinstance(text, str) and text.strip()
        }
        return {name: revision.text for name, revision in revisions.items() if not revision.is_unchanged}

    @property
    def is_tied(self) -> bool:
        """Whether there is a tie on anything."""
        return (
            any(mark.is_tied for mark in self.marks)
            or any(link.outcome is VoteOutcome.TIE for link in self.links)
            or any(_is_split_evenly(values) for values in self.labels.values())
            or outcome(self.rejections, len(self.reviews)) is VoteOutcome.TIE
            or len(set(self.texts.values())) > 1
        )

    @property
    def is_rejected(self) -> bool:
        """Whether the majority rejects the record."""
        return outcome(self.rejections, len(self.reviews)) is VoteOutcome.IN

    @property
    def rejections(self) -> int:
        """The number of reviewers who reject the record."""
        return sum(layer.provenance.get("verdict") == REJECT for layer in self.reviews.values())

    @cached_property
    def labels(self) -> dict[str, Counter[str]]:
        """For each document label that was given, the number of reviewers by value; no value is the empty string."""
        names = sorted({name for layer in self.reviews.values() for name in layer.labels})
        return {name: Counter(layer.labels.get(name, "") for layer in self.reviews.values()) for name in names}


def ballot(
    record: Record,
    reviews: Mapping[str, Layer],
    *,
    matching: Literal["exact", "lenient"] = "exact",
    unplaced: bool = False,
) -> Ballot:
    """The ballot of a record; entities without fragments, which the editor does not show, are left out.

    unplaced: have them too; they are the same by their wording.
    """
    marks = _same_spans(reviews, unplaced)
    if matching == "lenient":
        marks = _overlapping_joined(marks)
    marks.sort(key=lambda mark: (mark.spans, mark.category))
    return Ballot(record, reviews, tuple(marks), tuple(_voted_relations(reviews, marks)))


def _same_spans(reviews: Mapping[str, Layer], unplaced: bool) -> list[VotedEntity]:
    """The entities with the same spans and category, each with all reviewers who marked it."""
    votes: dict[tuple[str, Spans, str], dict[str, Entity]] = {}
    for name, layer in reviews.items():
        for entity in layer.entities:
            if entity.fragments or unplaced:
                votes.setdefault(_position(entity), {}).setdefault(name, entity)
    return [VotedEntity(category, found, len(reviews)) for (category, *_), found in votes.items()]


def _position(entity: Entity) -> tuple[str, Spans, str]:
    """The category and the spans of an entity, and its wording where it has none."""
    return entity.category, entity.spans, "" if entity.fragments else fold(entity.text).text


def _overlapping_joined(marks: Iterable[VotedEntity]) -> list[VotedEntity]:
    """Overlapping entities of one category joined, those with most votes first; each reviewer has one vote in each."""
    joined: list[VotedEntity] = []
    for mark in sorted(marks, key=lambda mark: (-len(mark.votes), -_length(mark.spans), mark.spans, mark.category)):
        index = next((index for index, other in enumerate(joined) if _are_same_entity(mark, other)), None)
        if index is None:
            joined.append(mark)
        else:
            other = joined[index]
            joined[index] = VotedEntity(mark.category, {**other.votes, **mark.votes}, mark.reviewer_count)
    return joined


def _are_same_entity(left: VotedEntity, right: VotedEntity) -> bool:
    return (
        left.category == right.category
        and not left.votes.keys() & right.votes.keys()
        and overlap(left.spans, right.spans)
    )


def _voted_relations(reviews: Mapping[str, Layer], marks: Sequence[VotedEntity]) -> Iterable[VotedRelation]:
    voters: dict[tuple[str, int, int], list[str]] = {}
    for name, layer in reviews.items():
        numbers = _voted_numbers(name, layer, marks)
        for relation in layer.relations:
            if relation.head in numbers and relation.tail in numbers:
                names = voters.setdefault((relation.type, numbers[relation.head], numbers[relation.tail]), [])
                names += [name] if name not in names else []
    return [VotedRelation(*key, tuple(names), len(reviews)) for key, names in sorted(voters.items())]


def _voted_numbers(name: str, layer: Layer, marks: Sequence[VotedEntity]) -> dict[str, int]:
    """The number of the voted entity for each entity of a reviewer, by its id."""
    numbers = {_position(mark.votes[name]): number for number, mark in enumerate(marks) if name in mark.votes}
    positions = {entity.id: _position(entity) for entity in layer.entities}
    return {id: numbers[position] for id, position in positions.items() if position in numbers}


def _is_split_evenly(votes: Counter[VoteValue]) -> bool:
    """Whether the two best values have the same number of votes."""
    best = votes.most_common(2)
    return len(best) == 2 and best[0][1] == best[1][1]


def _length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)
