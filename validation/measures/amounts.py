"""Amounts: laboratory values and doses that cannot be, and those that another power of ten would make possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from curation.decision import DecisionKind
from curation.record import Entity, Layer
from curation.text.folding import compose
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.doses import doses
from validation.measures.laboratory import AmountReading, readings
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

#: What reads the amounts in the entities of a category.
READERS: Mapping[str, Callable[[str, str], Iterator[AmountReading]]] = {
    "laboratory_values": readings,
    "pharmacological_therapy": doses,
}


AMOUNTS_COMPARED = MeasureColumn("amounts_compared", "laboratory values and doses that could be read and compared")
IMPLAUSIBLE_VALUES = MeasureColumn(
    "implausible_values", "laboratory values that no living person has, or in a unit of something else"
)
IMPLAUSIBLE_DOSES = MeasureColumn("implausible_doses", "doses that are never given of the drug")
UNIT_SLIPS = MeasureColumn("unit_slips", "of both, those that another power of ten would make possible")
IMPLAUSIBLE_VALUE_ENTITIES = MeasureColumn("implausible_value_entities", "ids of the values", Holds.ENTITY_IDS)
IMPLAUSIBLE_DOSE_ENTITIES = MeasureColumn("implausible_dose_entities", "ids of the doses", Holds.ENTITY_IDS)
UNIT_SLIP_ENTITIES = MeasureColumn("unit_slip_entities", "ids of the slips", Holds.ENTITY_IDS)


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
        AMOUNTS_COMPARED: len(read),
        IMPLAUSIBLE_VALUES: sum(entity.category == "laboratory_values" for entity in wrong.values()),
        IMPLAUSIBLE_DOSES: sum(entity.category == "pharmacological_therapy" for entity in wrong.values()),
        UNIT_SLIPS: len(slips),
        IMPLAUSIBLE_VALUE_ENTITIES: [entity.id for entity in wrong.values() if entity.category == "laboratory_values"],
        IMPLAUSIBLE_DOSE_ENTITIES: [
            entity.id for entity in wrong.values() if entity.category == "pharmacological_therapy"
        ],
        UNIT_SLIP_ENTITIES: list(slips),
    }


def _amounts(entity: Entity, language: str) -> Iterator[AmountReading]:
    reader = READERS.get(entity.category)
    return reader(compose(entity.text).text, language) if reader else iter(())


AMOUNTS = MeasureSpec(
    name="amounts",
    version=2,
    of=DecisionKind.LAYER,
    columns=(
        AMOUNTS_COMPARED,
        IMPLAUSIBLE_VALUES,
        IMPLAUSIBLE_DOSES,
        UNIT_SLIPS,
        IMPLAUSIBLE_VALUE_ENTITIES,
        IMPLAUSIBLE_DOSE_ENTITIES,
        UNIT_SLIP_ENTITIES,
    ),
    rules=(
        Rule(
            "laboratory_values_possible",
            IMPLAUSIBLE_VALUES,
            "Every laboratory value that could be read is one that a living person can have.",
            severity=Severity.SOFT,
            beside=(IMPLAUSIBLE_VALUE_ENTITIES,),
        ),
        Rule(
            "doses_possible",
            IMPLAUSIBLE_DOSES,
            "Every dose that could be read is one that is given of the drug.",
            severity=Severity.SOFT,
            beside=(IMPLAUSIBLE_DOSE_ENTITIES,),
        ),
        Rule(
            "no_unit_slips",
            UNIT_SLIPS,
            "No value or dose is off by a power of ten.",
            severity=Severity.SOFT,
            beside=(UNIT_SLIP_ENTITIES,),
        ),
    ),
    measure=measure,
)
