"""The vote on a record: each mark, link and document label with those who made it, and what the majority says.

A mark is voted on as a whole first, and where it is in, on its place and its assertion: three reviewers of whom
two see a finding and only one of these sees it negated agree that there is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeVar

from curation.record import Assertion, Entity, Fragment, Layer, Record, wording
from curation.scoring.matching import Spans, overlap

#: A person's word that a record is of no use.
REJECT = "reject"

Value = TypeVar("Value")


class Outcome(StrEnum):
    """What a vote comes to."""

    IN = "in"
    OUT = "out"
    TIE = "tie"


def outcome(votes: int, of: int) -> Outcome:
    """In with more than half of the votes, out with fewer, a tie with just half."""
    if 2 * votes == of:
        return Outcome.TIE
    return Outcome.IN if 2 * votes > of else Outcome.OUT


@dataclass(frozen=True)
class Mark:
    """One mark as the reviewers made it; ``of`` is how many reviewers there are."""

    category: str
    voices: Mapping[str, Entity]
    of: int

    @property
    def outcome(self) -> Outcome:
        """Whether the majority has it."""
        return outcome(len(self.voices), self.of)

    @property
    def is_disputed(self) -> bool:
        """Whether not all reviewers have it, at the same place and with the same assertion."""
        return len(self.voices) < self.of or len(self._places) > 1 or len(self._assertions) > 1

    @property
    def is_tied(self) -> bool:
        """Whether the majority leaves open if it is in, or where, or as what."""
        if self.outcome is Outcome.IN:
            return _is_even(self._places) or _is_even(self._assertions)
        return self.outcome is Outcome.TIE

    @property
    def spans(self) -> Spans:
        """Its place as most have it; of even ones the longest, then the first."""
        return min(self._places, key=lambda spans: (-self._places[spans], -_length(spans), spans))

    @property
    def assertion(self) -> Assertion:
        """Its assertion as most have it."""
        order = list(Assertion)
        return min(self._assertions, key=lambda one: (-self._assertions[one], order.index(one)))

    def entity(self, record: Record, id: str) -> Entity:
        """The mark as most have it; codes and attributes are those of the first who has it so."""
        alike = [one for one in self.voices.values() if one.spans == self.spans]
        source = next((one for one in alike if one.assertion is self.assertion), alike[0])
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
    def _places(self) -> Counter[Spans]:
        return Counter(entity.spans for entity in self.voices.values())

    @cached_property
    def _assertions(self) -> Counter[Assertion]:
        return Counter(entity.assertion for entity in self.voices.values())


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between two marks, by their numbers."""

    type: str
    head: int
    tail: int
    voters: tuple[str, ...]
    of: int

    @property
    def outcome(self) -> Outcome:
        """Whether the majority has it."""
        return outcome(len(self.voters), self.of)


@dataclass(frozen=True)
class Ballot:
    """All that the reviewers of one record say, by the names of their layers."""

    record: Record
    reviews: Mapping[str, Layer]
    marks: tuple[Mark, ...]
    links: tuple[Link, ...]

    @property
    def is_disputed(self) -> bool:
        """Whether the reviewers differ in anything that an adjudicator could settle."""
        return (
            any(mark.is_disputed for mark in self.marks)
            or any(len(link.voters) < link.of for link in self.links)
            or any(len(values) > 1 for values in self.labels.values())
            or 0 < self.rejections < len(self.reviews)
        )

    @property
    def is_tied(self) -> bool:
        """Whether the majority leaves anything open."""
        return (
            any(mark.is_tied for mark in self.marks)
            or any(link.outcome is Outcome.TIE for link in self.links)
            or any(_is_even(values) for values in self.labels.values())
            or outcome(self.rejections, len(self.reviews)) is Outcome.TIE
        )

    @property
    def is_rejected(self) -> bool:
        """Whether the majority says that the record is of no use."""
        return outcome(self.rejections, len(self.reviews)) is Outcome.IN

    @property
    def rejections(self) -> int:
        """How many reviewers say that the record is of no use."""
        return sum(layer.provenance.get("verdict") == REJECT for layer in self.reviews.values())

    @cached_property
    def labels(self) -> dict[str, Counter[str]]:
        """For each document label that anybody gave, how many gave which value; none is the empty one."""
        names = sorted({name for layer in self.reviews.values() for name in layer.labels})
        return {name: Counter(layer.labels.get(name, "") for layer in self.reviews.values()) for name in names}


def ballot(record: Record, reviews: Mapping[str, Layer], *, matching: Literal["exact", "lenient"] = "exact") -> Ballot:
    """The vote of the reviewers of a record; entities without a place, which no editor shows, have none."""
    marks = _gathered(reviews)
    if matching == "lenient":
        marks = _joined(marks)
    marks.sort(key=lambda mark: (mark.spans, mark.category))
    return Ballot(record, reviews, tuple(marks), tuple(_links(reviews, marks)))


def _gathered(reviews: Mapping[str, Layer]) -> list[Mark]:
    """The marks at the same place in the same category, each with all who made it."""
    voices: dict[tuple[str, Spans], dict[str, Entity]] = {}
    for name, layer in reviews.items():
        for entity in layer.entities:
            if entity.fragments:
                voices.setdefault((entity.category, entity.spans), {}).setdefault(name, entity)
    return [Mark(category, found, len(reviews)) for (category, _), found in voices.items()]


def _joined(marks: Iterable[Mark]) -> list[Mark]:
    """Marks of one category that overlap made one, those of most reviewers first; nobody has two voices in one."""
    joined: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (-len(mark.voices), -_length(mark.spans), mark.spans, mark.category)):
        place = next((place for place, other in enumerate(joined) if _are_one(mark, other)), None)
        if place is None:
            joined.append(mark)
        else:
            other = joined[place]
            joined[place] = Mark(mark.category, {**other.voices, **mark.voices}, mark.of)
    return joined


def _are_one(one: Mark, other: Mark) -> bool:
    return (
        one.category == other.category
        and not one.voices.keys() & other.voices.keys()
        and overlap(one.spans, other.spans)
    )


def _links(reviews: Mapping[str, Layer], marks: Sequence[Mark]) -> Iterable[Link]:
    voters: dict[tuple[str, int, int], list[str]] = {}
    for name, layer in reviews.items():
        numbers = _numbers(name, layer, marks)
        for relation in layer.relations:
            if relation.head in numbers and relation.tail in numbers:
                said = voters.setdefault((relation.type, numbers[relation.head], numbers[relation.tail]), [])
                said += [name] if name not in said else []
    return [Link(*key, tuple(names), len(reviews)) for key, names in sorted(voters.items())]


def _numbers(name: str, layer: Layer, marks: Sequence[Mark]) -> dict[str, int]:
    """The number of the mark that each entity of a reviewer has a voice in."""
    places = {
        (mark.category, mark.voices[name].spans): number for number, mark in enumerate(marks) if name in mark.voices
    }
    keys = {entity.id: (entity.category, entity.spans) for entity in layer.entities}
    return {id: places[key] for id, key in keys.items() if key in places}


def _is_even(votes: Counter[Value]) -> bool:
    """Whether no value has more votes than any other."""
    best = votes.most_common(2)
    return len(best) == 2 and best[0][1] == best[1][1]


def _length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)
