"""Records from UIMA CAS, as XMI beside its type system or as JSON: what INCEpTION exports (needs dkpro-cassis)."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.author import GOLD
from curation.errors import MissingExtraError
from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.encodings import open_binary
from curation.sources.exported import own_record
from curation.sources.file_draft import file_draft
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext, shown
from curation.sources.rows import stem_of

TYPE_SYSTEM = "TypeSystem.xml"
#: The types of `curate export cas`.
ENTITY, RELATION, LABEL = (f"webanno.custom.Clinical{name}" for name in ("Entity", "Relation", "Label"))
#: Types that say how a text is built, not what is in it.
STRUCTURE = re.compile(
    r"uima\.|de\.tudarmstadt\.ukp\.clarin\.webanno\.api\.type\.|"
    r"de\.tudarmstadt\.ukp\.dkpro\.core\.api\.(?:segmentation|lexmorph|syntax|metadata|structure|transform)\.|"
    r"org\.dkpro\.core\.api\.(?:xml|pdf)\."
)
#: The features that say of which kind an annotation is, in the order tried; else its type's own name says it.
KINDS = ("value", "category", "label", "kind")
#: The ends of a relation, as INCEpTION calls them.
ENDS = ("Governor", "Dependent")
#: What every annotation has.
PLACES = frozenset({"begin", "end", "sofa"})
#: What is no character of XML 1.0.
REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str) -> str:
    """The text with a replacement character for each that XML refuses: all offsets stay."""
    return REFUSED.sub("\ufffd", text)


def refused_by_xml(text: str) -> int:
    """How many characters of a text XML refuses."""
    return len(REFUSED.findall(text))


def read_cas(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """The record of a file, with every annotation that is no part of the text's structure."""
    try:
        cas = _loaded(path, reading)
    except (MissingExtraError, _Unfit) as error:
        if isinstance(error, MissingExtraError):
            raise
        yield Problem(str(path), str(error), Lost.FILE)
        return
    except Exception as error:  # the library raises whatever its parsers raise
        yield Problem(str(path), f"expected a CAS of UIMA, got another or a broken one: {cause(error)}", Lost.FILE)
        return
    own = _own(cas, path, reading)
    if own is not None:
        yield own
        return
    draft = file_draft(f"{path}:1", cas.sofa_string or "", path, reading)
    draft.language = draft.language or _language(cas)
    if reading.options.layer is not None:
        draft.annotated = True
        _annotate(draft, cas, reading)
    yield draft


def _language(cas: Any) -> str | None:
    """The language that the file says; UIMA writes `x-unspecified` where it says none."""
    stated = [getattr(found, "language", None) for found in cas.select_all_fs() if "Document" in found.type.name]
    return next((language for language in stated if language and language.isalpha()), None)


class _Unfit(Exception):  # noqa: N818 - its message is a problem for people
    """A file that is not to be read."""


def _loaded(path: Path, reading: ReadingContext) -> Any:
    try:
        import cassis
    except ImportError as error:
        raise MissingExtraError("dkpro-cassis", "interchange") from error
    content = _bounded(path, reading)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if content.lstrip()[:1] == b"{":
            return cassis.load_cas_from_json(io.BytesIO(content))
        described = _type_system(path)
        if described is None:
            raise _Unfit(f"expected a type system ({TYPE_SYSTEM}) beside the file or above it, got none")
        types = cassis.load_typesystem(io.BytesIO(_bounded(described, reading)))
        return cassis.load_cas_from_xmi(io.BytesIO(content), typesystem=types)


def _bounded(path: Path, reading: ReadingContext) -> bytes:
    """The content, if it is not too large and declares no entities of its own."""
    limit = reading.options.line_limit
    with open_binary(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise _Unfit(f"expected at most {limit} bytes, got more")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _Unfit("expected XML without a document type declaration, got one")
    return content


def _type_system(path: Path) -> Path | None:
    """The type system beside a file, or one folder above."""
    for folder in (path.parent, path.absolute().parent.parent):
        if (folder / TYPE_SYSTEM).is_file():
            return folder / TYPE_SYSTEM
        described = [file for file in sorted(folder.glob("*.xml")) if b"typeSystemDescription" in _head(file)]
        if described:
            return described[0]
    return None


def _head(file: Path) -> bytes:
    with open_binary(file) as opened:
        return opened.read(1 << 10)


def _features(annotation: Any) -> dict[str, Any]:
    """The simple features of an annotation that hold something."""
    names = (feature.name for feature in annotation.type.all_features if feature.name not in PLACES)
    values = {name: getattr(annotation, name, None) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, str | int | float | bool)}


def _annotate(draft: Draft, cas: Any, reading: ReadingContext) -> None:
    found = [annotation for annotation in cas.select_all_fs() if not STRUCTURE.match(annotation.type.name)]
    ids: dict[int, str] = {}
    relations = []
    for annotation in found:
        if all(hasattr(annotation, name) for name in ENDS):
            relations.append(annotation)
        elif not hasattr(annotation, "begin"):
            reading.tally.notice(draft.where, f"annotations of {shown(annotation.type.name)} have no place: not read")
        elif annotation.end > annotation.begin:
            ids[id(annotation)] = f"T{len(ids) + 1}"
            draft.entities.append(_entity(annotation, ids[id(annotation)], draft.text))
        else:
            draft.left_out += 1
    for number, annotation in enumerate(relations, start=1):
        head, tail = (ids.get(id(getattr(annotation, name)), "") for name in ENDS)
        kind, _ = _kind(annotation)
        draft.relations.append(DraftRelation(f"R{number}", kind, head, tail))


def _kind(annotation: Any) -> tuple[str, dict[str, Any]]:
    return named_kind(annotation.type.name, _features(annotation))


def named_kind(layer: str, features: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Of which kind an annotation of a layer is, by a feature or the layer's own name, and its other features."""
    name = next((name for name in KINDS if isinstance(features.get(name), str)), None)
    others = {key: value for key, value in features.items() if key != name}
    return (str(features[name]) if name else layer.rpartition(".")[2]), others


def _entity(annotation: Any, id_: str, text: str) -> DraftEntity:
    kind, features = _kind(annotation)
    identifier = features.pop("identifier", None)
    return DraftEntity(
        id_,
        kind,
        spans=((annotation.begin, annotation.end),),
        wording=text[annotation.begin : annotation.end],
        codes=(identifier,) if isinstance(identifier, str) else (),
        attributes={name: _written(value) for name, value in features.items()},
    )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _own(cas: Any, path: Path, reading: ReadingContext) -> Read | None:
    """The record that the file was made of, with the annotations that stand in the file now."""
    if reading.own is None:
        return None
    name = stem_of(path)
    text = reading.own.text(name)
    record = reading.own.record(name, text) if text is not None and for_xml(text) == cas.sofa_string else None
    if record is None:
        return None
    entities: dict[str, dict[str, Any]] = {}
    ids: dict[int, str] = {}
    relations, labels = [], []
    for annotation in cas.select_all_fs():
        match annotation.type.name:
            case "webanno.custom.ClinicalEntity":
                identity = annotation.entity or f"new-{len(ids) + 1}"
                ids[id(annotation)] = identity
                entry = entities.setdefault(identity, _own_entity(annotation, identity, record.text))
                entry["fragments"].append({"start": annotation.begin, "end": annotation.end})
            case "webanno.custom.ClinicalRelation":
                relations.append(annotation)
            case "webanno.custom.ClinicalLabel":
                labels.append({"name": annotation.name, "value": annotation.value})
    for entry in entities.values():
        entry["fragments"].sort(key=lambda fragment: fragment["start"])
        if entry["text"] is None:
            entry["text"] = " ".join(record.text[part["start"] : part["end"]] for part in entry["fragments"])
    values: Mapping[str, Any] = record.model_dump(exclude={"meta"}) | {
        "meta": json.dumps(record.meta),
        "author": GOLD,
        "split": path.parent.name,
        "entities": list(entities.values()),
        "relations": [
            {
                "id": link.relation or f"new-{number}",
                "type": link.value,
                "head": ids.get(id(link.Governor)),
                "tail": ids.get(id(link.Dependent)),
            }
            for number, link in enumerate(relations, start=1)
        ],
        "labels": labels,
    }
    return own_record(values, f"{path}:1", path, reading.options)


def _own_entity(annotation: Any, identity: str, text: str) -> dict[str, Any]:
    attributes = json.loads(annotation.attributes or "{}")
    return {
        "id": identity,
        "category": annotation.value,
        "text": json.loads(annotation.wording) if annotation.wording else None,
        "fragments": [],
        "alignment": annotation.alignment or "exact",
        "alignment_score": 1.0 if annotation.alignmentScore is None else annotation.alignmentScore,
        "assertion": annotation.assertion or "present",
        "attributes": [{"name": name, "value": value} for name, value in attributes.items()],
        "codes": json.loads(annotation.codes or "[]"),
        "score": annotation.score,
    }
