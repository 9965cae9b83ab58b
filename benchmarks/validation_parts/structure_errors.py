"""Flat answers, labels and attributes that do not fit the scheme, planted into layers and looked for by the measure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

from pydantic import JsonValue

from curation.record import Layer
from curation.scheme import ABSENT, FACT_JOIN, DocumentLabel, EntityAttribute, Scheme, load_scheme
from curation.scoring.flat_shape import KEPT_AS, shape
from validation.measures.flat import measure
from validation.measures.measure import Scope, Subject
from validation.settings import ValidationSettings
from validation_parts.error_planting import WHOLE, ErrorKind, Planted, PlantingCase, whole
from validation_parts.layer_errors import chosen, replaced

View = dict[str, JsonValue]
Spoil = Callable[[View, Random], None]


@cache
def scheme() -> Scheme:
    """The default scheme with a label and an attribute, which it has none of."""
    smoking = DocumentLabel(name="smoking", values=("current", "past", "never"))
    course = EntityAttribute(name="course", values=("acute", "chronic"), categories=("diagnosis", "comorbidities"))
    return load_scheme().model_copy(update={"labels": (smoking,), "attributes": (course,)})


def with_answer(case: PlantingCase, spoil: Spoil | None, chance: Random) -> PlantingCase:
    """The case whose layer was read from a model's flat answer, with a fault or without."""
    if case.layer is None:
        return case
    view: View = dict(scheme().flat(case.layer))
    if spoil:
        spoil(view, chance)
    known = shape(json.dumps(view))
    kept: JsonValue = known if isinstance(known, str) else dict(known)
    layer = case.layer.model_copy(update={"provenance": {**case.layer.provenance, KEPT_AS: kept}})
    return PlantingCase(case.record, layer, case.original, case.original_layer)


def a_list(view: View, chance: Random) -> None:
    """One category's facts as a list."""
    key = chance.choice(list(view))
    view[key] = str(view[key]).split(FACT_JOIN)


def absent_beside_facts(view: View, chance: Random) -> None:
    """N/A after the facts of a category."""
    key = chance.choice([key for key, value in view.items() if value != ABSENT])
    view[key] = f"{view[key]}{FACT_JOIN}{ABSENT}"


def a_key_too_few(view: View, chance: Random) -> None:
    """A category left out."""
    del view[chance.choice(list(view))]


def another_key(view: View, chance: Random) -> None:
    """A category under another name."""
    key = chance.choice(list(view))
    view[key.replace("_", " ").title()] = view.pop(key)


def no_string(view: View, chance: Random) -> None:
    """A category without a string."""
    view[chance.choice(list(view))] = chance.choice([None, 54, True, {}, ""])


def answering(spoil: Spoil) -> Callable[[PlantingCase, Random], Planted | None]:
    """Plants the fault into the answer that the layer was read from."""

    def plant(case: PlantingCase, chance: Random) -> Planted | None:
        if case.layer is None or not case.layer.entities:
            return None
        return Planted(with_answer(case, spoil, chance))

    return plant


def absent_entity(case: PlantingCase, chance: Random) -> Planted | None:
    """A fact that says N/A beside others of its category."""
    entity = chosen(case, chance, scheme().counts)
    if entity is None or case.layer is None:
        return None
    nothing = entity.model_copy(update={"id": "planted", "text": ABSENT})
    return Planted(_with(case, entities=(*case.layer.entities, nothing)))


def two_in_one(case: PlantingCase, chance: Random) -> Planted | None:
    """A fact with the separator in it."""
    entity = chosen(case, chance, scheme().counts)
    if entity is None:
        return None
    return Planted(replaced(case, entity, entity.model_copy(update={"text": f"{entity.text}; {entity.text}"})))


def label_value(case: PlantingCase, chance: Random) -> Planted | None:
    """A document label with a value that the scheme does not have."""
    return Planted(_with(case, labels={"smoking": chance.choice(["Current", "sometimes", ""])})) if case.layer else None


def attribute_value(case: PlantingCase, chance: Random) -> Planted | None:
    """An attribute with another value, or where its category has none."""
    entity = chosen(case, chance, lambda entity: True)
    if entity is None:
        return None
    value = chance.choice(["subacute", "Chronic"]) if entity.category == "diagnosis" else "unheard of"
    return Planted(replaced(case, entity, entity.model_copy(update={"attributes": {"course": value}})))


def _with(case: PlantingCase, **changes: object) -> PlantingCase:
    layer = case.layer.model_copy(update=changes) if case.layer else None
    return PlantingCase(case.record, layer, case.original, case.original_layer)


def sound(layer: Layer) -> Layer:
    """The layer with a label and attributes as they should be."""
    entities = tuple(
        entity.model_copy(update={"attributes": {"course": "acute"}}) if entity.category == "diagnosis" else entity
        for entity in layer.entities
    )
    return layer.model_copy(update={"entities": entities, "labels": layer.labels or {"smoking": "never"}})


def counted(
    column: str, *, prepared: Callable[[PlantingCase], PlantingCase] = lambda case: case
) -> Callable[..., list[frozenset[str]]]:
    """Flags the records of which a column counts anything."""

    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        ready = [prepared(case) for case in cases]
        rows = measure([Subject(case.record, case.layer) for case in ready], Scope(scheme(), ValidationSettings()))
        return [frozenset({WHOLE}) if row[column] else frozenset() for row in rows]

    return flags


def _answered(case: PlantingCase) -> PlantingCase:
    kept: Mapping[str, JsonValue] = case.layer.provenance if case.layer else {}
    return case if KEPT_AS in kept else with_answer(case, None, Random(0))


def _sound(case: PlantingCase) -> PlantingCase:
    layer = case.layer
    planted = layer is None or layer.labels or any("course" in entity.attributes for entity in layer.entities)
    return case if planted or layer is None else _with(case, **dict(sound(layer)))


ANSWERS = {
    "list in a flat answer": a_list,
    "N/A beside facts in a flat answer": absent_beside_facts,
    "key missing in a flat answer": a_key_too_few,
    "key renamed in a flat answer": another_key,
    "no string in a flat answer": no_string,
}
KINDS: tuple[ErrorKind, ...] = (
    *(
        ErrorKind(name, answering(spoil), counted("answer_faults", prepared=_answered), whole)
        for name, spoil in ANSWERS.items()
    ),
    ErrorKind("N/A beside facts", absent_entity, counted("flat_faults"), whole),
    ErrorKind("separator in a fact", two_in_one, counted("facts_changed"), whole),
    ErrorKind("label value", label_value, counted("invalid_labels", prepared=_sound), whole),
    ErrorKind("attribute value", attribute_value, counted("invalid_attributes", prepared=_sound), whole),
)
