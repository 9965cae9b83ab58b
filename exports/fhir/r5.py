"""The same resources as FHIR R5 has them: what was renamed, and what R5 requires besides.

https://hl7.org/fhir/R5/diff.html; what is not named here is the same in R4, R4B and R5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exports.fhir.resources import TERMINOLOGY, Resource, concept

ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
#: R4's status of a statement on medication, as R5's adherence.
TAKEN = {"active": "taking", "not-taken": "not-taking", "completed": "stopped"}
#: R5 has no derivation among the roles of what something was made from.
ROLES = {"derivation": "source"}


def as_r5(resource: Resource) -> Resource:
    """A resource of R4B in the shape of R5."""
    change = CHANGES.get(resource["resourceType"])
    return change(resource) if change else resource


def _condition(resource: Resource) -> Resource:
    """R5 requires a clinical status, and has a code for an unknown one."""
    unknown = concept(f"{TERMINOLOGY}/condition-clinical", "unknown")
    return {"resourceType": "Condition", "clinicalStatus": unknown} | resource


def _medication(resource: Resource) -> Resource:
    """The drug is a concept or a reference; whether it is taken has moved from the status to the adherence."""
    changed = dict(resource)
    drug, status = changed.pop("medicationCodeableConcept"), changed.pop("status")
    adherence = {"code": concept(ADHERENCE, TAKEN.get(status, "unknown"))}
    return changed | {"status": "recorded", "medication": {"concept": drug}, "adherence": adherence}


def _document(resource: Resource) -> Resource:
    """The kind of a relation between documents is a concept."""
    links = [
        link | {"code": concept("http://hl7.org/fhir/document-relationship-type", link["code"])}
        for link in resource.get("relatesTo", ())
    ]
    return resource | ({"relatesTo": links} if links else {})


def _device(resource: Resource) -> Resource:
    """Names have a value and other types; a device may be of several types."""
    changed = dict(resource)
    names = [{"value": name["name"], "type": "user-friendly-name"} for name in changed.pop("deviceName")]
    return changed | {"name": names, "type": [changed["type"]]}


def _provenance(resource: Resource) -> Resource:
    """The reason is an authorization; the roles of what it was made from are fewer."""
    changed = dict(resource)
    reasons = [{"concept": reason} for reason in changed.pop("reason", ())]
    entities = [part | {"role": ROLES.get(part["role"], part["role"])} for part in changed["entity"]]
    return changed | ({"authorization": reasons} if reasons else {}) | {"entity": entities}


CHANGES: Mapping[str, Callable[[Resource], Resource]] = {
    "Condition": _condition,
    "MedicationStatement": _medication,
    "DocumentReference": _document,
    "Device": _device,
    "Provenance": _provenance,
}
