"""FHIR R4B: a bundle a record, with a pseudonymous patient, the document, what was found in it, and who found it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from curation.author import PEOPLE, kind_of
from curation.private_files import made_private
from curation.record import Assertion, Entity, Layer, Record, digest
from exports.losses import Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
#: HL7's mark of what a machine asserted (AI Transparency on FHIR).
MACHINE = {"system": f"{TERMINOLOGY}/v3-ObservationValue", "code": "AIAST"}
CAPACITY = Capacity(unplaced=True, discontinuous=True, wordings=True, assertions=True, codes=True, fields=("group",))
#: How sure FHIR calls a condition of an assertion; all others are confirmed.
VERIFICATION = {Assertion.NEGATED: "refuted", Assertion.POSSIBLE: "unconfirmed", Assertion.CONDITIONAL: "provisional"}
#: How FHIR calls an observation that is denied, or not sure.
INTERPRETATION = {Assertion.NEGATED: "NEG", Assertion.POSSIBLE: "IND", Assertion.CONDITIONAL: "IND"}
Resource = dict[str, Any]


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """One file a split with a bundle a line (NDJSON). Profiles of a country or a site are not validated."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.ndjson"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                lines.write(json.dumps(_bundle(record, layer, view), ensure_ascii=False) + "\n")
        files.append(path)
    return files


def _bundle(record: Record, layer: Layer, view: ExportedSet) -> Resource:
    by_person = kind_of(layer.author) in PEOPLE
    final = by_person and not view.unreviewed
    patient = {"resourceType": "Patient", "id": digest(["patient", record.group])}
    subject = {"reference": f"urn:uuid:{_uuid('Patient', record.group)}"}
    document = _document(record, subject, final=final)
    found = [
        _marked(_resource(entity, subject, final=final), record, entity, by_person=by_person)
        for entity in CAPACITY.kept(layer)
    ]
    entries = [
        (_uuid("Patient", record.group), patient),
        (_uuid("DocumentReference", record.id), document),
        *((_uuid("entity", record.id, resource["id"]), resource) for resource in found),
    ]
    if found:
        provenance = _provenance(layer, [f"urn:uuid:{uuid}" for uuid, _ in entries[2:]], by_person=by_person)
        entries.append((_uuid("Provenance", record.id), provenance))
    return {
        "resourceType": "Bundle",
        "id": digest(["bundle", record.id]),
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{uuid}", "resource": resource} for uuid, resource in entries],
    }


def _uuid(*parts: str) -> str:
    found = digest(list(parts), length=32)
    return "-".join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))


def _document(record: Record, subject: Resource, *, final: bool) -> Resource:
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "language": record.language,
        "data": base64.b64encode(record.text.encode()).decode(),
    }
    return {
        "resourceType": "DocumentReference",
        "id": digest(["document", record.id]),
        "status": "current",
        "docStatus": "final" if final else "preliminary",
        "subject": subject,
        "content": [{"attachment": attachment}],
    }


def _marked(resource: Resource, record: Record, entity: Entity, *, by_person: bool) -> Resource:
    """The resource with its id, the place it was read from, and the mark of what a machine said."""
    places = ", ".join(f"{start}-{end}" for start, end in entity.spans) or "no place"
    note = f"{entity.category}, {entity.assertion.value}, characters {places} of the document"
    marks = {} if by_person else {"meta": {"security": [MACHINE]}}
    return resource | marks | {"id": digest(["entity", record.id, entity.id]), "note": [{"text": note}]}


def _provenance(layer: Layer, targets: list[str], *, by_person: bool) -> Resource:
    kind = "author" if by_person else "assembler"
    role = {"coding": [{"system": f"{TERMINOLOGY}/provenance-participant-type", "code": kind}]}
    return {
        "resourceType": "Provenance",
        "id": digest(["provenance", layer.record_id]),
        "target": [{"reference": target} for target in targets],
        "recorded": layer.created.isoformat(timespec="seconds"),
        "agent": [{"type": role, "who": {"display": layer.author}}],
    }


def _resource(entity: Entity, subject: Resource, *, final: bool) -> Resource:
    """What an entity is in FHIR, by its category; an observation where no other kind of resource is meant for it.

    What is said of the family is never the patient's own, and a family's history can only say what there was.
    """
    kind = RESOURCES.get(entity.category, _observation)
    if entity.assertion is Assertion.FAMILY:
        kind = _family
    elif kind is _family and entity.assertion in INTERPRETATION:
        kind = _observation
    return kind(entity, subject, final)


def _concept(entity: Entity) -> Resource:
    coded = {"coding": [{"code": code} for code in entity.codes if code]} if entity.codes else {}
    return coded | {"text": entity.text}


def _condition(entity: Entity, subject: Resource, final: bool) -> Resource:
    sure = VERIFICATION.get(entity.assertion, "confirmed")
    status = {"coding": [{"system": f"{TERMINOLOGY}/condition-ver-status", "code": sure}]}
    return {
        "resourceType": "Condition",
        "verificationStatus": status,
        "code": _concept(entity),
        "subject": subject,
    }


def _observation(entity: Entity, subject: Resource, final: bool) -> Resource:
    meant = INTERPRETATION.get(entity.assertion)
    interpretation = {"coding": [{"system": f"{TERMINOLOGY}/v3-ObservationInterpretation", "code": meant}]}
    return {
        "resourceType": "Observation",
        "status": "final" if final else "preliminary",
        "code": {"text": entity.category, **({"coding": _concept(entity)["coding"]} if entity.codes else {})},
        "subject": subject,
        "valueString": entity.text,
        **({"interpretation": [interpretation]} if meant else {}),
    }


def _procedure(entity: Entity, subject: Resource, final: bool) -> Resource:
    status = {Assertion.NEGATED: "not-done", Assertion.POSSIBLE: "unknown", Assertion.CONDITIONAL: "unknown"}
    return {
        "resourceType": "Procedure",
        "status": status.get(entity.assertion, "completed"),
        "code": _concept(entity),
        "subject": subject,
    }


def _medication(entity: Entity, subject: Resource, final: bool) -> Resource:
    status = {Assertion.NEGATED: "not-taken", Assertion.HISTORICAL: "completed", Assertion.PRESENT: "active"}
    return {
        "resourceType": "MedicationStatement",
        "status": status.get(entity.assertion, "unknown"),
        "medicationCodeableConcept": _concept(entity),
        "subject": subject,
    }


def _family(entity: Entity, subject: Resource, final: bool) -> Resource:
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "partial",
        "patient": subject,
        "relationship": {"text": "family member, as the document says"},
        "condition": [{"code": _concept(entity)}],
    }


#: The kind of resource of each category of the default scheme that is not an observation.
RESOURCES: Mapping[str, Callable[[Entity, Resource, bool], Resource]] = {
    **dict.fromkeys(("diagnosis", "comorbidities", "signs_symptoms", "medical_surgical_history"), _condition),
    **dict.fromkeys(("diagnostic_techniques_procedures", "interventional_therapy"), _procedure),
    "pharmacological_therapy": _medication,
    "family_history": _family,
}
FORMAT = ExportFormat("FHIR R4B: a bundle a record, as NDJSON", write, CAPACITY)
