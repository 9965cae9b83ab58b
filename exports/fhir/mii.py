"""The wrapper of the German core data set (MII, module Dokument 2026.0.1): annotations as a document beside the text.

https://github.com/medizininformatik-initiative/kerndatensatz-dokument: the annotated document of its example is an
archive that `appends` the document before it. Nothing here validates a profile, and the bundles say so.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from curation.author import PEOPLE, kind_of
from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.record import Layer, Record, digest
from curation.scheme import Scheme
from curation.sources.cas import TYPE_SYSTEM
from exports import cas
from exports.fhir.ai_marks import MACHINE, Authorship
from exports.fhir.bundles import document, is_final, patient, urn, write_bundles
from exports.fhir.resources import Resource
from exports.file_names import file_name
from exports.losses import CHARACTERS
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

MODULE = "https://www.medizininformatik-initiative.de/fhir/ext/modul-dokument"
PROFILE = f"{MODULE}/StructureDefinition/mii-pr-dokument-dokument"
STATUS = f"{MODULE}/StructureDefinition/mii-ex-dokument-nlp-processing-status"
STATUSES = f"{MODULE}/CodeSystem/mii-cs-dokument-nlp-processing-status"
NOTICE = "profile not validated"
#: The mark of a bundle whose profiles nobody has validated; a tag of ours.
UNVALIDATED = {"tag": [{"code": "profile-not-validated", "display": NOTICE}]}
#: Text and group stand in the bundle, everything else in the archive.
CAPACITY = replace(cas.CAPACITY, fields=("group",))
#: The time of all files of an archive: the first that its format knows.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """A file a split: a bundle a line with the patient, the document, and the annotated document that appends it."""
    types = cas.type_system()
    described = types.to_xml()

    def entries(record: Record, layer: Layer) -> Iterator[tuple[str, Resource]]:
        person, who = patient(record)
        final = is_final(layer, view)
        text, what = document(record, {"reference": person}, final=final)
        surrogated = ["surrogated"] if isinstance(record.meta.get(MARK), dict) else []
        archive = _archive(record, layer, types, described)
        yield from ((person, who), (text, _profiled(what, text, surrogated)))
        yield _annotated(record, layer, what, text, archive, [*_statuses(layer), *surrogated])

    return write_bundles(view, to, entries, UNVALIDATED)


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What the wrapper has no place for: what XMI cannot hold, and the fields of a record beside its group."""
    return +(CAPACITY(record, layer, scheme) + Counter({CHARACTERS: cas.losses(record, layer, scheme)[CHARACTERS]}))


def _statuses(layer: Layer) -> list[str]:
    """How far the document was processed, in the module's code system."""
    return ["annotated", "semantic"] if kind_of(layer.author) in PEOPLE else ["annotated", "preanno"]


def _annotated(
    record: Record, layer: Layer, original: Resource, text: str, archive: bytes, statuses: list[str]
) -> tuple[str, Resource]:
    url = urn("annotated", record.id, layer.name)
    attachment = {
        "contentType": "application/zip",
        "language": record.language,
        "data": base64.b64encode(archive).decode(),
        "title": f"{file_name(record.id)}.zip",
    }
    made = original | {
        "id": digest(["annotated", record.id, layer.name]),
        "relatesTo": [{"code": "appends", "target": {"reference": text}}],
        "description": f"annotations by {layer.author}: UIMA CAS XMI with its type system",
        "content": [{"attachment": attachment}],
    }
    made = _profiled(made, url, statuses)
    if Authorship.of(layer).machine == layer.author:
        made["meta"]["security"] = [MACHINE]
    return url, made


def _profiled(resource: Resource, url: str, statuses: list[str]) -> Resource:
    """The document with the profile that it is meant for, its identifier, and how far it was processed, where known."""
    concept = {"coding": [{"system": STATUSES, "code": status} for status in statuses]}
    return {
        "resourceType": "DocumentReference",
        "id": resource["id"],
        "meta": {"profile": [PROFILE]},
        **({"extension": [{"url": STATUS, "valueCodeableConcept": concept}]} if statuses else {}),
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": url},
        **resource,
    }


def _archive(record: Record, layer: Layer, types: Any, described: str) -> bytes:
    """The annotations as `ID.xmi` with `TypeSystem.xml`, as INCEpTION exports and imports them."""
    content = io.BytesIO()
    files = {f"{file_name(record.id)}.xmi": cas.document_cas(record, layer, types).to_xmi(), TYPE_SYSTEM: described}
    with ZipFile(content, "w") as archive:
        for name, written in files.items():
            archive.writestr(ZipInfo(name, NO_TIME), written.encode(), ZIP_DEFLATED)
    return content.getvalue()


FORMAT = ExportFormat(
    "German core data set (MII, module Dokument): annotations as CAS XMI in a DocumentReference, FHIR R4",
    write,
    losses,
    notice=NOTICE,
)
