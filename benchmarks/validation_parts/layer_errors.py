"""Errors in what a layer says, planted into it and looked for by the measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random

from pydantic import JsonValue

from curation.record import Alignment, Entity, Fragment, Layer
from curation.scheme import load_scheme
from curation.stage import Item
from validation.settings import ValidationSettings
from validation.stage import Measure
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase, entities

Row = dict[str, JsonValue]


def measured(cases: Sequence[PlantingCase]) -> list[Row]:
    """The columns of each case, as validation measures them."""
    stage = _stage()
    rows: list[Row] = []
    for case in cases:
        layers = {"checked": case.layer.model_copy(update={"name": "checked"})} if case.layer else {}
        (result,) = stage([Item(case.record, layers)])
        rows.append(dict(result.measures))
    return rows


@lru_cache
def _stage() -> Measure:
    settings = ValidationSettings.model_validate({"layer": "checked", "similarity": {"enabled": False}})
    return Measure(load_scheme(), settings, reads=("checked",))


def listed(*columns: str) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """The entity ids that these columns list."""

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        return [frozenset(_listed(row, columns)) for row in measured(cases)]

    return flags


def _listed(row: Row, columns: Sequence[str]) -> list[str]:
    values = [row.get(column) for column in columns]
    return [str(item) for value in values if isinstance(value, list) for item in value]


def replaced(case: PlantingCase, old: Entity, new: Entity) -> PlantingCase:
    """The case with another entity in the place of one."""
    layer = _layer(case)
    kept = tuple(new if entity is old else entity for entity in layer.entities)
    return PlantingCase(case.record, layer.model_copy(update={"entities": kept}), case.original, case.original_layer)


def _layer(case: PlantingCase) -> Layer:
    if case.layer is None:
        raise ValueError("expected a case with a layer, got one without")
    return case.layer


def chosen(case: PlantingCase, chance: Random, fits: Callable[[Entity], bool]) -> Entity | None:
    """An entity of the case that fits, if there is one."""
    fitting = [entity for entity in case.layer.entities if fits(entity)] if case.layer else []
    return chance.choice(fitting) if fitting else None


def _single(entity: Entity) -> bool:
    return len(entity.fragments) == 1 and entity.alignment is Alignment.EXACT


def wrong_offset(case: PlantingCase, chance: Random) -> Planted | None:
    """An exact entity whose offsets are a few characters off."""
    entity = chosen(case, chance, _single)
    if entity is None:
        return None
    shift = chance.choice([-7, -3, -2, -1, 1, 2, 3, 7])
    start, end = entity.start + shift, entity.end + shift
    if start < 0 or case.record.text[start:end] == entity.text:
        return None
    moved = entity.model_copy(update={"fragments": (Fragment(start=start, end=end),)})
    return Planted(replaced(case, entity, moved), entity.id)


def changed_number(case: PlantingCase, chance: Random) -> Planted | None:
    """An entity that says another number than the text at its offsets."""
    entity = chosen(case, chance, lambda entity: any(sign.isdigit() for sign in entity.text))
    if entity is None:
        return None
    at = chance.choice([offset for offset, sign in enumerate(entity.text) if sign.isdigit()])
    other = chance.choice([digit for digit in "0123456789" if digit != entity.text[at]])
    changed = entity.model_copy(update={"text": entity.text[:at] + other + entity.text[at + 1 :]})
    return Planted(replaced(case, entity, changed), entity.id)


KINDS: tuple[ErrorKind, ...] = (
    ErrorKind("wrong offset", wrong_offset, listed("inexact_entities", "ungrounded_entities"), entities),
    ErrorKind("changed number", changed_number, listed("inexact_entities", "ungrounded_entities"), entities),
)
