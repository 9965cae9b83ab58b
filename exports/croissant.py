"""The Croissant 1.1 description of a Hugging Face set, with responsible-AI fields: only what is known of the set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.author import PEOPLE, AuthorKind, kind_of
from exports.evidence import SetEvidence, in_words, write_json
from exports.settings import ExportSettings
from exports.writer import ExportedSet

FILE = "croissant.json"
CONFORMS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
#: What the words of the description stand for, as the specification has it.
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
#: The columns of a record, and what they are.
COLUMNS = {
    "id": "The record's id.",
    "group": "The patient or article, by a hash; splits never cut through one.",
    "source": "Where the record comes from.",
    "language": "The language of the text (ISO 639-1).",
    "text": "The report.",
    "licence": "The licence of the record.",
    "author": "Who annotated: a person, a model with its revision, or rules.",
}
#: Fields of responsible AI, and the tables of figures that they tell in words.
RESPONSIBLE = {
    "rai:dataCollectionRawData": ("sources", "origins", "languages", "licences"),
    "rai:dataCollectionMissingData": ("dropped", "lost_in_translation"),
    "rai:dataPreprocessingProtocol": ("duplicates", "leakage"),
    "rai:annotationsPerItem": ("reviewed",),
    "rai:dataAnnotationAnalysis": ("authors", "agreement", "layer"),
    "rai:dataLimitations": ("expectations", "failures", "verdicts"),
    "rai:dataBiases": ("categories", "drift"),
}
#: Authors that are no people; nothing is known of those of another kind.
MACHINES = frozenset(AuthorKind) - PEOPLE - {AuthorKind.REPEAT, AuthorKind.DOUBTED, AuthorKind.OTHER}
IDENTIFIERS = ("identifiers", "identifiers by kind")
#: Says of a column that its values name who made the annotations of the row.
ATTRIBUTED = {"author": "prov:wasAttributedTo"}


def write_croissant(
    view: ExportedSet, to: Path, settings: ExportSettings, shards: Sequence[Path], evidence: SetEvidence
) -> Path:
    """`croissant.json` beside the card, over the shards of the whole rows."""
    path = to / FILE
    write_json(_description(view, to, settings, shards, evidence), path)
    return path


def _description(
    view: ExportedSet, to: Path, settings: ExportSettings, shards: Sequence[Path], evidence: SetEvidence
) -> dict[str, Any]:
    curated, manifest = view.curated, view.curated.manifest
    licences = _counts(manifest["licences"])
    names = [path.relative_to(to).as_posix() for path in shards]
    standing = "unreviewed: a layer that nobody has frozen" if view.unreviewed else "a frozen set"
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": settings.pretty_name,
        "conformsTo": list(CONFORMS),
        "description": f"{curated.records} clinical texts of {evidence.set} ({standing}), annotated in the scheme "
        f"{view.scheme.name} version {view.scheme.version}; content hash {curated.digest}.",
        "license": settings.licence if settings.licence not in ("", "other") else ", ".join(sorted(licences)),
        "inLanguage": sorted(_counts(manifest["languages"])),
        "version": f"{curated.version}.0.0",
        **{name: _responsible(evidence, tables) for name, tables in RESPONSIBLE.items()},
        "rai:machineAnnotationTools": [name for name in evidence.tables["authors"].rows if kind_of(name) in MACHINES],
        "rai:dataAnnotationProtocol": f"The layer is {view.nameless(str(manifest['layer']))}; definitions and "
        f"boundary rules of {len(view.scheme.categories)} categories, scheme hash {view.scheme.digest}.",
        "rai:personalSensitiveInformation": _identifiers(view, evidence),
        "rai:dataUseCases": "Training and evaluation of models that extract information from clinical texts; not a "
        "medical device.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "encodingFormat": "application/x-parquet",
                "sha256": _sha256(to / name),
            }
            for name in names
        ],
        "recordSet": [_record_set(name) for name in names],
    }


def _responsible(evidence: SetEvidence, names: Sequence[str]) -> str:
    """The tables of these names in words, those that there are."""
    return " ".join(in_words(evidence.tables[name]) for name in names if name in evidence.tables) or "Not measured."


def _record_set(file: str) -> dict[str, Any]:
    identity = file.rpartition("/")[2].removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": identity,
        "name": identity,
        "description": f"The records of {file}, one a row; columns of lists are in the file alone.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{identity}/{name}",
                "name": name,
                "description": meaning,
                "dataType": "sc:Text",
                **({"equivalentProperty": ATTRIBUTED[name]} if name in ATTRIBUTED else {}),
                "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
            }
            for name, meaning in COLUMNS.items()
        ],
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _identifiers(view: ExportedSet, evidence: SetEvidence) -> str:
    if view.with_identifiers is None:
        return "Not measured: the texts were not searched for what identifies a person."
    found = f"A search found identifiers in {view.with_identifiers} of {view.curated.records} records."
    return f"{found} {_responsible(evidence, IDENTIFIERS)}" if IDENTIFIERS[0] in evidence.tables else found


def _counts(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value
