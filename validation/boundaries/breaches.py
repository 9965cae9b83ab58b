"""The entities of a layer that break boundary rules, and which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.text.folding import compose
from validation.boundaries.rules import Boundaries, BoundaryRule, Forbids, Needs, Order, Repeats, Words, pattern

#: Where a clause ends, and how far around an entity it is looked for, in characters.
MARK = re.compile(r"[.;:!?](?=\s|$)|\n")
REACH = 120
WORD = re.compile(r"\w+")
#: Words without a clinical meaning.
EMPTY = frozenset(
    "a an the of in on at to with and or her his their der die das des dem den ein eine einer einem und oder mit im am "
    "bei von".split()
)


@dataclass(frozen=True, slots=True)
class Breach:
    """An entity that breaks a rule."""

    rule: str
    entity_id: str


@dataclass(slots=True)
class _Layer:
    """A layer by what rules ask of it."""

    record: Record
    by_category: dict[str, list[Entity]] = field(default_factory=dict)

    def of(self, categories: tuple[str, ...]) -> Iterator[Entity]:
        return (entity for category in categories for entity in self.by_category.get(category, ()))

    def has(self, entity: Entity, words: Words, reach: str) -> bool | None:
        """Whether an entity has one of the words; None where there are none for the record's language."""
        terms = words.get(self.record.language)
        if not terms:
            return None
        around = entity.text if reach == "wording" else self.clause(entity)
        return pattern(terms).search(compose(around).text) is not None

    def clause(self, entity: Entity) -> str:
        """The wording with what stands before and after it up to a mark."""
        if not entity.fragments:
            return entity.text
        text = self.record.text
        before, after = text[max(0, entity.start - REACH) : entity.start], text[entity.end : entity.end + REACH]
        marks = [found.end() for found in MARK.finditer(before)]
        end = MARK.search(after)
        return before[marks[-1] if marks else 0 :] + entity.text + after[: end.start() if end else None]


def breaches(record: Record, layer: Layer, scheme: Scheme, boundaries: Boundaries) -> list[Breach]:
    """What of a layer breaks the rules, rule by rule; only entities that count as information are looked at."""
    sorted_ = _Layer(record)
    for entity in layer.entities:
        if scheme.counts(entity):
            sorted_.by_category.setdefault(entity.category, []).append(entity)
    return [
        Breach(rule.name, entity.id)
        for rule in boundaries.rules
        for entity in sorted_.of(rule.category)
        if CHECKS[type(rule)](entity, rule, sorted_)
    ]


def _repeats(entity: Entity, rule: Repeats, layer: _Layer) -> bool:
    return any(other is not entity and _like(entity.text, other.text) >= rule.like for other in layer.of(rule.of))


def _needs(entity: Entity, rule: Needs, layer: _Layer) -> bool:
    return layer.has(entity, rule.words, rule.reach) is False


def _forbids(entity: Entity, rule: Forbids, layer: _Layer) -> bool:
    return layer.has(entity, rule.words, rule.reach) is True and not layer.has(entity, rule.unless, rule.reach)


def _order(entity: Entity, rule: Order, layer: _Layer) -> bool:
    starts = [other.start for other in layer.of(rule.first) if other is not entity and other.fragments]
    if not starts or not entity.fragments or layer.has(entity, rule.unless, "clause"):
        return False
    return entity.start > min(starts) if rule.stands == "after" else entity.end <= min(starts)


Check = Callable[[Entity, Any, _Layer], bool]
CHECKS: dict[type[BoundaryRule], Check] = {Repeats: _repeats, Needs: _needs, Forbids: _forbids, Order: _order}


def _like(left: str, right: str) -> float:
    """The share of the words of two wordings that both have."""
    ours, theirs = _words(left), _words(right)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(compose(text).text.casefold())) - EMPTY
