"""What an entity is in FHIR R4B: the kind of its resource by its category, and how sure, denied and measured it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from curation.record import Assertion, Entity
from exports.fhir.values import SYSTEM, MeasuredValue, blood_pressure, dose, is_rate, measured_value, says_a_number

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
#: How sure FHIR calls a condition of an assertion; all others are confirmed.
VERIFICATION = {Assertion.NEGATED: "refuted", Assertion.POSSIBLE: "unconfirmed", Assertion.CONDITIONAL: "provisional"}
#: How FHIR calls an observation that is denied, or not sure.
INTERPRETATION = {Assertion.NEGATED: "NEG", Assertion.POSSIBLE: "IND", Assertion.CONDITIONAL: "IND"}
#: Categories of what is over.
OVER = frozenset({"medical_surgical_history"})
Resource = dict[str, Any]
#: Makes the resource of an entity of a record in a language; `final` says whether a person has the last word.
Maker = Callable[[Entity, Resource, str, bool], Resource]


def resource_of(entity: Entity, kind: str, subject: Resource, *, language: str, final: bool) -> Resource:
    """The resource of an entity by the kind that its category has.

    What is said of the family is never the patient's own, and a family's history can only say what there was.
    """
    if entity.assertion is Assertion.FAMILY:
        kind = FAMILY
    elif kind == FAMILY and entity.assertion in INTERPRETATION:
        kind = OBSERVATION
    return KINDS[kind](entity, subject, language, final)


def stays_text(entity: Entity, kind: str, *, language: str) -> bool:
    """Whether a measured value, or a dose, has a number that was not read as such."""
    if entity.assertion is Assertion.FAMILY:
        return False
    if kind == MEASUREMENT:
        is_read = blood_pressure(entity.text) or measured_value(entity.text, language)
    elif kind == MEDICATION:
        is_read = dose(entity.text, language)
    else:
        return False
    return is_read is None and says_a_number(entity.text)


def concept(system: str, code: str) -> Resource:
    """A concept of one code."""
    return {"coding": [{"system": system, "code": code}]}


def _said(entity: Entity) -> Resource:
    coded = {"coding": [{"code": code} for code in entity.codes if code]} if entity.codes else {}
    return coded | {"text": entity.text}


def _condition(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    sure = VERIFICATION.get(entity.assertion, "confirmed")
    status = None
    if entity.assertion is Assertion.HISTORICAL or (entity.category in OVER and sure == "confirmed"):
        status = "inactive"
    elif entity.assertion is Assertion.PRESENT:
        status = "active"
    return {
        "resourceType": "Condition",
        **({"clinicalStatus": concept(f"{TERMINOLOGY}/condition-clinical", status)} if status else {}),
        "verificationStatus": concept(f"{TERMINOLOGY}/condition-ver-status", sure),
        "code": _said(entity),
        "subject": subject,
    }


def _observation(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    meant = INTERPRETATION.get(entity.assertion)
    coded = {"coding": _said(entity)["coding"]} if entity.codes else {}
    return {
        "resourceType": "Observation",
        "status": "final" if final else "preliminary",
        "code": {"text": entity.category, **coded},
        "subject": subject,
        "valueString": entity.text,
        **({"interpretation": [concept(f"{TERMINOLOGY}/v3-ObservationInterpretation", meant)]} if meant else {}),
    }


def _measurement(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    """An observation with its value as a quantity, where it could be read; the wording stays in a note."""
    made = _observation(entity, subject, language, final)
    pressures = blood_pressure(entity.text)
    found = measured_value(entity.text, language)
    if pressures is None and found is None:
        return made
    wording = made.pop("valueString")
    if pressures is not None:
        pairs = zip((("8480-6", "Systolic"), ("8462-4", "Diastolic")), pressures, strict=True)
        made["component"] = [
            {
                "code": {"coding": [{"system": LOINC, "code": code, "display": f"{which} blood pressure"}]},
                "valueQuantity": _quantity(value, "mmHg", "mm[Hg]"),
            }
            for (code, which), value in pairs
        ]
    elif found is not None:
        made["code"]["text"] = found.name or entity.category
        made |= _valued(found, "value")
    return made | {"note": [{"text": wording}]}


def _valued(found: MeasuredValue, name: str) -> Resource:
    """A number or a range under the name of its element: valueQuantity, valueRange."""
    low = _quantity(found.value, found.unit, found.code)
    if found.last is not None:
        return {f"{name}Range": {"low": low, "high": _quantity(found.last, found.unit, found.code)}}
    return {f"{name}Quantity": low | ({"comparator": found.comparator} if found.comparator else {})}


def _quantity(value: float, unit: str, code: str) -> Resource:
    return {"value": value} | ({"unit": unit, "system": SYSTEM, "code": code} if code else {})


def _procedure(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    status = {Assertion.NEGATED: "not-done", Assertion.POSSIBLE: "unknown", Assertion.CONDITIONAL: "unknown"}
    return {
        "resourceType": "Procedure",
        "status": status.get(entity.assertion, "completed"),
        "code": _said(entity),
        "subject": subject,
    }


def _medication(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    status = {Assertion.NEGATED: "not-taken", Assertion.HISTORICAL: "completed", Assertion.PRESENT: "active"}
    given = dose(entity.text, language)
    dosage = {}
    if given is not None:
        amount = _valued(given, "rate" if is_rate(given.code) else "dose")
        dosage = {"dosage": [{"text": entity.text, "doseAndRate": [amount]}]}
    return {
        "resourceType": "MedicationStatement",
        "status": status.get(entity.assertion, "unknown"),
        "medicationCodeableConcept": _said(entity),
        "subject": subject,
        **dosage,
    }


def _family(entity: Entity, subject: Resource, language: str, final: bool) -> Resource:
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "partial",
        "patient": subject,
        "relationship": {"text": "family member, as the document says"},
        "condition": [{"code": _said(entity)}],
    }


OBSERVATION, MEASUREMENT = "Observation", "Measurement"
MEDICATION, FAMILY = "MedicationStatement", "FamilyMemberHistory"
#: The kinds that a category may be mapped to; a measurement is an observation whose value is read.
KINDS: Mapping[str, Maker] = {
    "Condition": _condition,
    "Procedure": _procedure,
    MEDICATION: _medication,
    FAMILY: _family,
    OBSERVATION: _observation,
    MEASUREMENT: _measurement,
}
#: The kinds of the categories of the default scheme.
CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("diagnosis", "comorbidities", "signs_symptoms", "medical_surgical_history"), "Condition"),
    **dict.fromkeys(("diagnostic_techniques_procedures", "interventional_therapy"), "Procedure"),
    "pharmacological_therapy": MEDICATION,
    "family_history": FAMILY,
    "laboratory_values": MEASUREMENT,
    **dict.fromkeys(
        ("age", "gender", "life_style", "social_history", "pathology", "patient_outcome_assessment"), OBSERVATION
    ),
}
