"""Amounts: laboratory values and doses that cannot be, and those that another power of ten would make possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from curation.record import Entity, Layer
from validation.measures.doses import doses
from validation.measures.laboratory import Reading, readings
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: What reads the amounts in the entities of a category.
READERS: Mapping[str, Callable[[str, str], Iterator[Reading]]] = {
    "laboratory_values": readings,
    "pharmacological_therapy": doses,
}


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The amounts of each layer that could be compared, and those that cannot be."""
    return [_row(subject.layer, subject.record.language) for subject in subjects if subject.layer]


def _row(layer: Layer, language: str) -> Columns:
    read = [(entity, found) for entity in layer.entities for found in _amounts(entity, language)]
    if not read:
        return AMOUNTS.nothing
    wrong = {entity.id: entity for entity, found in read if not found.plausible}
    slips = sorted({entity.id for entity, found in read if found.slip})
    return {
        "amounts_compared": len(read),
        "implausible_values": sum(one.category == "laboratory_values" for one in wrong.values()),
        "implausible_doses": sum(one.category == "pharmacological_therapy" for one in wrong.values()),
        "unit_slips": len(slips),
        "implausible_value_entities": [one.id for one in wrong.values() if one.category == "laboratory_values"],
        "implausible_dose_entities": [one.id for one in wrong.values() if one.category == "pharmacological_therapy"],
        "unit_slip_entities": list(slips),
    }


def _amounts(entity: Entity, language: str) -> Iterator[Reading]:
    reader = READERS.get(entity.category)
    return reader(entity.text, language) if reader else iter(())


AMOUNTS = MeasureSpec(
    name="amounts",
    version=1,
    measure=measure,
    needs_layer=True,
    lists=frozenset({"implausible_value_entities", "implausible_dose_entities", "unit_slip_entities"}),
    columns={
        "amounts_compared": "laboratory values and doses that could be read and compared",
        "implausible_values": "laboratory values that no living person has, or in a unit of something else",
        "implausible_doses": "doses that are never given of the drug",
        "unit_slips": "of both, those that another power of ten would make possible",
        "implausible_value_entities": "ids of the values",
        "implausible_dose_entities": "ids of the doses",
        "unit_slip_entities": "ids of the slips",
    },
)
