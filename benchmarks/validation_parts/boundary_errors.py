"""Breaches of boundary rules: entities of the categories where they belong, put into the one that a rule checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from curation.record import Assertion
from curation.scheme import load_scheme
from validation.boundaries import breaches, load_boundaries
from validation.boundaries.rules import Boundaries, BoundaryRule
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase
from validation_parts.layer_errors import chosen, replaced

SCHEME = load_scheme()


def planting(rule: BoundaryRule) -> Callable[[PlantingCase, Random], Planted | None]:
    """Puts an entity of a category that the rule says it belongs to into the category that the rule guards.

    A rule on repetition gets a second entity beside the first.
    """

    def plant(case: PlantingCase, chance: Random) -> Planted | None:
        entity = chosen(case, chance, lambda entity: entity.category in rule.belongs and SCHEME.counts(entity))
        if entity is None or case.layer is None:
            return None
        moved = entity.model_copy(update={"category": chance.choice(rule.category), "assertion": Assertion.PRESENT})
        if rule.kind != "repeats":  # type: ignore[attr-defined]
            return Planted(replaced(case, entity, moved), entity.id)
        again = moved.model_copy(update={"id": "planted"})
        layer = case.layer.model_copy(update={"entities": (*case.layer.entities, again)})
        return Planted(PlantingCase(case.record, layer), again.id)

    return plant


def broken(rule: BoundaryRule) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """The entities that break the rule, case by case."""
    only = Boundaries(rules=(rule,))  # type: ignore[arg-type]

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        return [
            frozenset(breach.entity_id for breach in breaches(case.record, case.layer, SCHEME, only))
            if case.layer
            else frozenset()
            for case in cases
        ]

    return flags


def guarded(rule: BoundaryRule) -> Callable[[PlantingCase], Sequence[str]]:
    """The sound entities of the category that the rule guards."""

    def candidates(case: PlantingCase) -> Sequence[str]:
        entities = case.layer.entities if case.layer else ()
        return [entity.id for entity in entities if entity.category in rule.category and SCHEME.counts(entity)]

    return candidates


KINDS: tuple[ErrorKind, ...] = tuple(
    ErrorKind(rule.name.replace("_", " "), planting(rule), broken(rule), guarded(rule), recall=0.6, false_alarm=0.1)
    for rule in load_boundaries().rules
)
