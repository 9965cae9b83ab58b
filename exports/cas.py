"""UIMA CAS as XMI with its type system, as INCEpTION, WebAnno and cTAKES read it (dkpro-cassis)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError
from curation.private_files import made_private
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.sources.cas import ENTITY, LABEL, RELATION, TYPE_SYSTEM, for_xml, refused_by_xml
from exports.file_names import file_name
from exports.losses import CHARACTERS, Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(
    discontinuous=True,
    wordings=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    relations=True,
    labels=True,
)
#: The features of an entity beside its category (`value`): strings but for the numbers.
FEATURES = ("entity", "assertion", "wording", "alignment", "attributes", "codes")
NUMBERS = ("score", "alignmentScore")


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`SPLIT/ID.xmi`, and beside them `TypeSystem.xml`; characters that XML refuses are replaced, one by one."""
    made_private(to)
    types = type_system()
    described = to / TYPE_SYSTEM
    types.to_xml(described)
    files = [described]
    for split in view.curated.splits:
        folder = made_private(to / split)
        for record, layer in view.members(split):
            path = folder / f"{file_name(record.id)}.xmi"
            document_cas(record, layer, types).to_xmi(path)
            files.append(path)
    return files


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What XMI cannot hold: entities without a place, and characters that XML refuses."""
    return +(CAPACITY(record, layer, scheme) + Counter({CHARACTERS: refused_by_xml(record.text)}))


def type_system() -> Any:
    """The types of our annotations."""
    cassis = _library()
    types = cassis.TypeSystem()
    entity = types.create_type(ENTITY, supertypeName="uima.tcas.Annotation")
    for name in ("value", *FEATURES):
        types.create_feature(entity, name, "uima.cas.String")
    for name in NUMBERS:
        types.create_feature(entity, name, "uima.cas.Double")
    relation = types.create_type(RELATION, supertypeName="uima.tcas.Annotation")
    types.create_feature(relation, "Governor", entity)
    types.create_feature(relation, "Dependent", entity)
    label = types.create_type(LABEL, supertypeName="uima.cas.AnnotationBase")
    for of, names in ((relation, ("value", "relation")), (label, ("name", "value"))):
        for name in names:
            types.create_feature(of, name, "uima.cas.String")
    return types


def document_cas(record: Record, layer: Layer, types: Any) -> Any:
    """The text and its annotations; characters that XML refuses are replaced, one by one."""
    cas = _library().Cas(types, document_language=record.language)
    cas.sofa_string = for_xml(record.text)
    cas.sofa_mime = "text/plain"
    made = {ENTITY: types.get_type(ENTITY), RELATION: types.get_type(RELATION), LABEL: types.get_type(LABEL)}
    first: dict[str, Any] = {}
    for entity in CAPACITY.kept(layer):
        for start, end in entity.spans:
            found = made[ENTITY](begin=start, end=end, **_features(entity))
            cas.add(found)
            first.setdefault(entity.id, found)
    for link in CAPACITY.related(layer):
        head, tail = first[link.head], first[link.tail]
        cas.add(
            made[RELATION](
                begin=tail.begin, end=tail.end, Governor=head, Dependent=tail, value=link.type, relation=link.id
            )
        )
    for name, value in layer.labels.items():
        cas.add(made[LABEL](name=for_xml(name), value=for_xml(value)))
    return cas


def _features(entity: Entity) -> dict[str, Any]:
    return {
        "value": entity.category,
        "entity": entity.id,
        "assertion": entity.assertion.value,
        "wording": json.dumps(entity.text),
        "alignment": entity.alignment.value,
        "alignmentScore": entity.alignment_score,
        "attributes": json.dumps(entity.attributes),
        "codes": json.dumps(entity.codes),
        "score": entity.score,
    }


def _library() -> Any:
    try:
        import cassis
    except ImportError as error:
        raise MissingExtraError("dkpro-cassis", "interchange") from error
    return cassis


FORMAT = ExportFormat(
    "UIMA CAS (XMI with its type system), for INCEpTION",
    write,
    losses,
    read_as="cas",
    whole="*.xmi",
    records_beside=True,
    texts_beside=True,
)
