"""Entities dropped from a layer, among passages that look like facts and are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

from curation.error_detection.omission_model import Mention, Mentions
from curation.record import Entity, Record
from curation.scheme import load_scheme
from validation.measures.measure import Scope, Subject
from validation.measures.omission import candidates, measure
from validation.settings import ValidationSettings
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase
from validation_parts.layer_errors import chosen

#: Categories of which most entities hold what the measure looks for by itself.
LOOKED_FOR = frozenset({"laboratory_values", "pharmacological_therapy", "diagnostic_techniques_procedures"})


def dropping(fits: Callable[[Entity], bool]) -> Callable[[PlantingCase, Random], Planted | None]:
    """Drops one entity that fits; the target is its span, and no other entity may stand there."""

    def plant(case: PlantingCase, chance: Random) -> Planted | None:
        entity = chosen(case, chance, lambda found: bool(found.spans) and fits(found))
        if entity is None or case.layer is None:
            return None
        kept = tuple(other for other in case.layer.entities if not _touch(other, entity))
        layer = case.layer.model_copy(update={"entities": kept, "relations": ()})
        return Planted(PlantingCase(case.record, layer), f"within {entity.start} {entity.end}")

    return plant


def _touch(first: Entity, other: Entity) -> bool:
    return first.start < other.end and other.start < first.end


class Reaching(frozenset[str]):
    """Places, of which a dropped entity is among them as soon as one of them reaches into it."""

    def __contains__(self, span: object) -> bool:
        words = str(span).split()
        if words[0] != "within":
            return super().__contains__(span)
        start, end = int(words[1]), int(words[2])
        return any(int(low) < end and start < int(high) for low, high in (span.split() for span in self))


def uncovered(*columns: str) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """The spans that these columns list."""

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        rows = measure([Subject(case.record, case.layer) for case in cases if case.layer], _scope())
        return [Reaching(f"{span[0]} {span[1]}" for column in columns for span in row[column]) for row in rows]  # type: ignore[union-attr,index]

    return flags


def likely_facts(*kinds: str) -> Callable[[PlantingCase], Sequence[str]]:
    """Every passage that looks like a fact of these kinds, whether covered or not."""

    def listed(case: PlantingCase) -> Sequence[str]:
        return [f"{start} {end}" for start, end in _candidates(case.record, kinds)]

    return listed


def _candidates(record: Record, kinds: Sequence[str]) -> list[tuple[int, int]]:
    return [span for kind, spans in candidates(record.text).items() if kind in kinds for span in spans]


@lru_cache
def _scope() -> Scope:
    return Scope(load_scheme(), ValidationSettings.model_validate({"similarity": {"enabled": False}}))


class ByOthers:
    """The passages that the other cases would have in an entity; all cases are one set."""

    def __init__(self) -> None:
        self._sure: dict[str, list[Mention]] = {}

    def flags(self, cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        """The passages that no entity meets."""
        mentions = Mentions((case.record, case.layer) for case in cases if case.layer)
        likely = ValidationSettings().omission.likely
        for case in cases:
            found = mentions(case.record, case.layer) if case.layer else []
            self._sure[case.record.id] = [mention for mention in found if mention.chance >= likely]
        sure = [self._sure[case.record.id] for case in cases]
        return [Reaching(f"{mention.start} {mention.end}" for mention in found if not mention.met) for found in sure]

    def candidates(self, case: PlantingCase) -> Sequence[str]:
        """All the passages of a case that were last looked for, met or not."""
        return [f"{mention.start} {mention.end}" for mention in self._sure[case.record.id]]


BY_OTHERS = ByOthers()
FACTS = ("measured", "drug", "test")
KINDS: tuple[ErrorKind, ...] = (
    ErrorKind(
        "dropped value, drug or test",
        dropping(lambda entity: entity.category in LOOKED_FOR),
        uncovered("uncovered_places"),
        likely_facts(*FACTS),
        recall=0.6,
        false_alarm=0.1,
    ),
    ErrorKind(
        "dropped entity",
        dropping(lambda entity: entity.category not in {"age", "gender"}),
        uncovered("uncovered_places", "uncovered_clause_places"),
        likely_facts(*FACTS, "clause"),
        recall=0.6,
        false_alarm=0.1,
    ),
    ErrorKind(
        "dropped entity, by other records",
        dropping(lambda entity: entity.category not in {"age", "gender"}),
        BY_OTHERS.flags,
        BY_OTHERS.candidates,
        recall=0.6,
        false_alarm=0.1,
    ),
)
