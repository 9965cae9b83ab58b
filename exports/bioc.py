"""BioC: a collection of documents as XML, with entities, their attributes, and relations (bioc)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError
from curation.private_files import made_private
from curation.record import Layer, Record, wording
from curation.scheme import Scheme
from curation.sources.cas import for_xml, refused_by_xml
from exports.losses import CHARACTERS, Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(
    discontinuous=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    relations=True,
    labels=True,
    fields=("group", "source", "licence", "translation_of"),
)
#: Before the names of attributes and document labels, beside which a format has names of its own.
ATTRIBUTE, LABEL = "attribute.", "label."


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """One file a split; a record is a document of one passage. Offsets are code points, as `bioc` counts."""
    biocxml = _library().biocxml
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.bioc.xml"
        collection = _library().BioCCollection()
        # No date: the same set gives the same bytes.
        collection.source, collection.key = for_xml(view.as_named(view.curated.name)), f"{view.scheme.name}.key"
        collection.infons = {"scheme": view.scheme.name, "set": view.curated.digest}
        with biocxml.iterwrite(str(path)) as writer:
            writer.write_collection_info(collection)
            for record, layer in view.members(split):
                writer.write_document(_document(record, layer))
        files.append(path)
    return files


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What BioC has no place for, and characters that XML refuses."""
    return +(CAPACITY(record, layer, scheme) + Counter({CHARACTERS: refused_by_xml(record.text)}))


def _document(record: Record, layer: Layer) -> Any:
    bioc = _library()
    document, passage = bioc.BioCDocument(), bioc.BioCPassage()
    document.id = record.id
    fields = {name: getattr(record, name) for name in ("language", *CAPACITY.fields)}
    labels = {f"{LABEL}{name}": value for name, value in layer.labels.items()}
    document.infons = _infons(fields | {"author": layer.author} | labels)
    passage.offset, passage.text = 0, for_xml(record.text)
    for entity in CAPACITY.kept(layer):
        annotation = bioc.BioCAnnotation()
        annotation.id, annotation.text = entity.id, for_xml(wording(record.text, entity.spans))
        annotation.infons = _infons(
            {"type": entity.category, "assertion": entity.assertion.value, "score": entity.score}
            | ({"identifier": ";".join(entity.codes)} if entity.codes else {})
            | {f"{ATTRIBUTE}{name}": value for name, value in entity.attributes.items()}
        )
        for start, end in entity.spans:
            annotation.add_location(bioc.BioCLocation(start, end - start))
        passage.add_annotation(annotation)
    for link in CAPACITY.related(layer):
        relation = bioc.BioCRelation()
        relation.id, relation.infons = link.id, {"type": link.type}
        relation.add_node(bioc.BioCNode(link.head, "head"))
        relation.add_node(bioc.BioCNode(link.tail, "tail"))
        passage.add_relation(relation)
    document.add_passage(passage)
    return document


def _infons(values: dict[str, Any]) -> dict[str, str]:
    return {for_xml(name): for_xml(str(value)) for name, value in values.items() if value is not None}


def _library() -> Any:
    try:
        import bioc
        from bioc import biocxml  # noqa: F401 - it is a part that has to be loaded
    except ImportError as error:
        raise MissingExtraError("bioc", "interchange") from error
    return bioc


FORMAT = ExportFormat("BioC (XML): documents with entities, attributes and relations", write, losses)
