"""Errors that a text and its layer share: impossible units, denials, ages and genders."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from random import Random

from pydantic import JsonValue

from curation.record import Assertion, Entity, Fragment
from curation.scheme import load_scheme
from curation.text.quantities import NONE, quantities
from validation.measures.amounts import AMOUNTS, READERS
from validation.measures.measure import MeasureSpec, Scope, Subject
from validation.measures.negation import FINDINGS, NEGATION
from validation.measures.plausibility import GENDER, PLAUSIBILITY
from validation.settings import ValidationSettings
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase
from validation_parts.layer_errors import chosen, replaced

#: Words by which a patient's sex is told, and those of the other sex.
OTHER_SEX = {
    "man": "woman", "woman": "man", "boy": "girl", "girl": "boy", "male": "female", "female": "male",
    "Mann": "Frau", "Frau": "Mann", "Patient": "Patientin", "Patientin": "Patient",
    "Junge": "Mädchen", "Mädchen": "Junge",
}  # fmt: skip


def rewritten(case: PlantingCase, start: int, end: int, wording: str) -> PlantingCase:
    """The case with other words in a passage of its text; the offsets of all entities follow."""
    text = case.record.text[:start] + wording + case.record.text[end:]
    longer = len(wording) - (end - start)

    def moved(entity: Entity) -> Entity:
        fragments = tuple(
            Fragment(
                start=fragment.start + (longer if fragment.start >= end else 0),
                end=fragment.end + (longer if fragment.end >= end else 0),
            )
            for fragment in entity.fragments
        )
        inside = len(fragments) == 1 and entity.start <= start and end <= entity.end
        said = text[fragments[0].start : fragments[0].end] if inside else entity.text
        return entity.model_copy(update={"fragments": fragments, "text": said})

    assert case.layer is not None
    layer = case.layer.model_copy(update={"entities": tuple(moved(entity) for entity in case.layer.entities)})
    return PlantingCase(case.record.model_copy(update={"text": text}), layer, case.original, case.original_layer)


def _amount(entity: Entity) -> bool:
    return (
        entity.category in READERS
        and len(entity.fragments) == 1
        and any(quantity.unit not in (None, NONE) for quantity in quantities(entity.text, "en"))
    )


def slipped(factor: float, case: PlantingCase, chance: Random) -> Planted | None:
    """An amount in text and layer that is too high or too low by a power of ten."""
    entity = chosen(case, chance, _amount)
    if entity is None:
        return None
    language = case.record.language
    amount = next(
        (quantity for quantity in quantities(entity.text, language) if quantity.unit not in (None, NONE)), None
    )
    if amount is None:
        return None
    digits = entity.text[amount.start : amount.end].partition(" ")[0]
    width = next((offset for offset, sign in enumerate(digits) if not (sign.isdigit() or sign in ",.")), len(digits))
    value = amount.value * chance.choice([factor, 1 / factor])
    written = f"{value:.6f}".rstrip("0").rstrip(".")
    written = written.replace(".", ",") if language == "de" else written
    start = entity.start + amount.start
    return Planted(rewritten(case, start, start + width, written), entity.id)


def slipped_by_10(case: PlantingCase, chance: Random) -> Planted | None:
    """An amount with its decimal point moved by one digit."""
    return slipped(10, case, chance)


def slipped_by_1000(case: PlantingCase, chance: Random) -> Planted | None:
    """An amount in the wrong unit."""
    return slipped(1000, case, chance)


def flipped(old: Assertion, new: Assertion, case: PlantingCase, chance: Random) -> Planted | None:
    """A finding with the other assertion."""
    entity = chosen(
        case, chance, lambda other: other.category in FINDINGS and other.assertion is old and bool(other.fragments)
    )
    if entity is None:
        return None
    return Planted(replaced(case, entity, entity.model_copy(update={"assertion": new})), entity.id)


def negated_as_present(case: PlantingCase, chance: Random) -> Planted | None:
    """A finding that the text denies, as present."""
    return flipped(Assertion.NEGATED, Assertion.PRESENT, case, chance)


def present_as_negated(case: PlantingCase, chance: Random) -> Planted | None:
    """A finding that the text states, as negated."""
    return flipped(Assertion.PRESENT, Assertion.NEGATED, case, chance)


def other_gender(case: PlantingCase, chance: Random) -> Planted | None:
    """The patient's gender in text and layer as the other one, with everything else as it was."""
    entity = chosen(
        case, chance, lambda other: other.category == GENDER and other.text in OTHER_SEX and len(other.fragments) == 1
    )
    if entity is None:
        return None
    return Planted(rewritten(case, entity.start, entity.end, OTHER_SEX[entity.text]), entity.id)


def in_categories(categories: Container[str]) -> Callable[[PlantingCase], Sequence[str]]:
    """The entities of some categories as candidates for a false alarm."""

    def candidates(case: PlantingCase) -> Sequence[str]:
        return tuple(
            entity.id for entity in (case.layer.entities if case.layer else ()) if entity.category in categories
        )

    return candidates


def reported(spec: MeasureSpec, *columns: str) -> Callable[[Sequence[PlantingCase]], list[frozenset[str]]]:
    """The entities that the columns of one measure list."""

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        assert spec.measure is not None
        rows = spec.measure([Subject(case.record, case.layer) for case in cases], Scope(load_scheme(), SETTINGS))
        return [frozenset(str(entity_id) for column in columns for entity_id in _list(row[column])) for row in rows]

    return flags


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


SETTINGS = ValidationSettings()
AMOUNT = (reported(AMOUNTS, "implausible_value_entities", "implausible_dose_entities"), in_categories(READERS))
DENIED = (reported(NEGATION, "denied_as_present_entities"), in_categories(FINDINGS))
UNDENIED = (reported(NEGATION, "negated_undenied_entities"), in_categories(FINDINGS))
GENDERED = (reported(PLAUSIBILITY, "gender_contradicted_entities"), in_categories({GENDER}))

#: No recall was aimed at for these; what is sound may be reported in one case of a hundred.
KINDS: tuple[ErrorKind, ...] = (
    ErrorKind("unit slip of 1000", slipped_by_1000, *AMOUNT, recall=0),
    ErrorKind("unit slip of 10", slipped_by_10, *AMOUNT, recall=0),
    ErrorKind("negated as present", negated_as_present, *DENIED, recall=0),
    ErrorKind("present as negated", present_as_negated, *UNDENIED, recall=0),
    ErrorKind("other gender", other_gender, *GENDERED, recall=0),
)
