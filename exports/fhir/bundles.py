"""FHIR R4B and R5: a bundle a record, with a pseudonymous patient, the document, what was found in it, and by whom.

https://hl7.org/fhir/R4B/bundle.html; the resources used are the same in R4, of which R4B changed others.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.author import PEOPLE, kind_of
from curation.errors import ConfigError, no_such
from curation.private_files import made_private
from curation.record import Assertion, Entity, Layer, Record, digest
from curation.scheme import Scheme
from exports.fhir.ai_marks import Authorship, device, provenance
from exports.fhir.r5 import as_r5
from exports.fhir.resources import CATEGORIES, OBSERVATION, Resource, resource_of, stays_text
from exports.losses import KINDLESS, SCORES, VALUES, Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(
    unplaced=True,
    discontinuous=True,
    wordings=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    fields=("group",),
)


@dataclass(frozen=True, slots=True)
class FhirWriter:
    """Writes one file a split with a bundle a line (NDJSON). Profiles of a country or a site are not validated."""

    shape: Callable[[Resource], Resource] = lambda resource: resource

    def __call__(self, view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
        kinds = kinds_of(settings, view.scheme)
        return write_bundles(view, to, lambda record, layer: self._entries(record, layer, view, kinds))

    def _entries(
        self, record: Record, layer: Layer, view: ExportedSet, kinds: Mapping[str, str]
    ) -> Iterator[tuple[str, Resource]]:
        return ((address, self.shape(resource)) for address, resource in _entries(record, layer, view, kinds))


def write_bundles(
    view: ExportedSet,
    to: Path,
    entries: Callable[[Record, Layer], Iterable[tuple[str, Resource]]],
    meta: Resource | None = None,
) -> list[Path]:
    """A file a split with a `collection` of each record's entries a line."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.ndjson"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                bundle = {
                    "resourceType": "Bundle",
                    "id": digest(["bundle", record.id]),
                    **({"meta": meta} if meta else {}),
                    "type": "collection",
                    "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries(record, layer)],
                }
                lines.write(json.dumps(bundle, ensure_ascii=False) + "\n")
        files.append(path)
    return files


def losses_by(settings: ExportSettings) -> Callable[[Record, Layer, Scheme], Counter[str]]:
    """What FHIR has no place for, where the settings say which kinds the categories are."""

    def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
        kinds = kinds_of(settings, scheme)
        lost, authorship = CAPACITY(record, layer, scheme), Authorship.of(layer)
        for entity in CAPACITY.kept(layer):
            kind = kinds.get(entity.category)
            lost[KINDLESS] += kind is None and entity.assertion is not Assertion.FAMILY
            lost[VALUES] += kind is not None and stays_text(entity, kind, language=record.language)
            lost[SCORES] += entity.score is not None and not authorship.by_machine(entity)
        return +lost

    return losses


def kinds_of(settings: ExportSettings, scheme: Scheme) -> dict[str, str]:
    """The kind of resource of each category. Raises ConfigError for categories that the scheme does not have."""
    if unknown := sorted(settings.fhir.keys() - set(scheme.names)):
        expected = f"a category of the scheme {scheme.name}"
        raise ConfigError("\n".join(f"exports.fhir: {no_such(expected, name, scheme.names)}" for name in unknown))
    return {**CATEGORIES, **settings.fhir}


def patient(record: Record) -> tuple[str, Resource]:
    """A patient without a name or a date: an id from the group alone."""
    return urn("Patient", record.group), {"resourceType": "Patient", "id": digest(["patient", record.group])}


def is_final(layer: Layer, view: ExportedSet) -> bool:
    """Whether a person has the last word on it."""
    return kind_of(layer.author) in PEOPLE and not view.unreviewed


def document(record: Record, subject: Resource, *, final: bool) -> tuple[str, Resource]:
    """The text, whole."""
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "language": record.language,
        "data": base64.b64encode(record.text.encode()).decode(),
    }
    return urn("DocumentReference", record.id), {
        "resourceType": "DocumentReference",
        "id": digest(["document", record.id]),
        "status": "current",
        "docStatus": "final" if final else "preliminary",
        "subject": subject,
        "content": [{"attachment": attachment}],
    }


def _entries(
    record: Record, layer: Layer, view: ExportedSet, kinds: Mapping[str, str]
) -> Iterator[tuple[str, Resource]]:
    authorship, final = Authorship.of(layer), is_final(layer, view)
    person, who = patient(record)
    subject = {"reference": person}
    text, what = document(record, subject, final=final)
    yield from ((person, who), (text, what))
    by_machine: dict[bool, list[str]] = {}
    for entity in CAPACITY.kept(layer):
        kind = kinds.get(entity.category, OBSERVATION)
        made = resource_of(entity, kind, subject, language=record.language, final=final)
        attributes = [{"text": f"{name}: {value}"} for name, value in entity.attributes.items()]
        made["note"] = [{"text": _place(entity)}, *made.get("note", ()), *attributes]
        made |= authorship.marks(entity) | {"id": digest(["entity", record.id, entity.id])}
        url = urn("entity", record.id, made["id"])
        by_machine.setdefault(authorship.by_machine(entity), []).append(url)
        yield url, made
    machine = urn("Device", record.id, authorship.machine)
    for is_machine, targets in sorted(by_machine.items()):
        address = machine if is_machine else ""
        made = provenance(authorship, layer, targets, document=text, machine=address)
        yield urn("Provenance", made["id"]), made
    if True in by_machine:
        yield machine, device(authorship, layer)


def _place(entity: Entity) -> str:
    places = ", ".join(f"{start}-{end}" for start, end in entity.spans) or "no place"
    return f"{entity.category}, {entity.assertion.value}, characters {places} of the document"


def urn(*parts: str) -> str:
    """The address of a resource within a bundle, always the same for the same parts."""
    found = digest(list(parts), length=32)
    return f"urn:uuid:{'-'.join((found[:8], found[8:12], found[12:16], found[16:20], found[20:]))}"


FORMAT = ExportFormat(
    "FHIR R4B: a bundle a record, as NDJSON", FhirWriter(), losses_by(ExportSettings()), losses_by=losses_by
)
R5 = ExportFormat(
    "FHIR R5: a bundle a record, as NDJSON", FhirWriter(as_r5), losses_by(ExportSettings()), losses_by=losses_by
)
