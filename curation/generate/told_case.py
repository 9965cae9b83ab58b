"""A case as a language model is told it: facts by language, where they come from, and what stays with the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from curation.record import Assertion, Entity, Record, digest
from curation.text.folding import fold


class CaseOrigin(StrEnum):
    """Where the facts of a case come from."""

    GENERATOR = "generator"
    TABLE = "table"
    LAYER = "layer"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class OrderedFact:
    """A fact that a text is to say: in what words, of which category, and what it says of it.

    id: the same for the same fact of a case in every language.
    """

    id: str
    category: str
    text: str
    assertion: Assertion = Assertion.PRESENT
    attributes: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()

    @classmethod
    def of(cls, entity: Entity) -> OrderedFact:
        """The fact that an entity stands for."""
        return cls(entity.id, entity.category, entity.text, entity.assertion, entity.attributes, entity.codes)


@dataclass(frozen=True, slots=True)
class ToldCase:
    """One patient with facts in each language that is told; the first language is the original of the others.

    report: the text that is summarised, in place of facts that have to be told all. about: the record that the case is
    taken from; None for one that comes from no record.
    """

    id: str
    group: str
    source: str
    origin: CaseOrigin
    facts: Mapping[str, tuple[OrderedFact, ...]]
    specialty: str | None = None
    licence: str | None = None
    meta: Mapping[str, JsonValue] = field(default_factory=dict)
    report: str | None = None
    about: Record | None = None

    @property
    def digest(self) -> str:
        """A digest of what is told of it."""
        told = {
            language: [[fact.category, fact.text, fact.assertion.value] for fact in facts]
            for language, facts in self.facts.items()
        }
        return digest([self.origin.value, self.specialty, told, self.report])


def facts_of(entities: Iterable[Entity]) -> tuple[OrderedFact, ...]:
    """What the entities say, in their order, each fact once."""
    return tuple(_once(map(OrderedFact.of, sorted(entities, key=lambda entity: entity.spans or ((1 << 60, 0),)))))


def _once(facts: Iterable[OrderedFact]) -> Iterator[OrderedFact]:
    seen: set[tuple[str, str, Assertion]] = set()
    for fact in facts:
        key = fact.category, fold(fact.text).text, fact.assertion
        if key not in seen:
            seen.add(key)
            yield fact
