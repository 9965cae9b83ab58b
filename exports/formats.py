"""The table of formats. To add one: a file with a FORMAT, a line here, a test, a line in docs/exports.md."""

from __future__ import annotations

from importlib import import_module

from curation.errors import UsageError
from exports.writer import ExportFormat

#: Modules and their formats by the name that `curate export` takes. Libraries are loaded when something is written.
FORMATS = {
    "hf": "exports.huggingface:FORMAT",
    "chat": "exports.chat:FORMAT",
    "trl": "exports.chat:TRL",
    "openai": "exports.chat:OPENAI",
    "conll": "exports.conll:FORMAT",
    "bioes": "exports.conll:BIOES",
    "brat": "exports.brat:FORMAT",
    "spacy": "exports.spacy_docs:FORMAT",
    "spacy-jsonl": "exports.spacy_docs:JSONL",
    "cas": "exports.cas:FORMAT",
    "label-studio": "exports.label_studio:FORMAT",
    "pubtator": "exports.pubtator:FORMAT",
    "bioc": "exports.bioc:FORMAT",
    "omop": "exports.omop:FORMAT",
    "guidelines": "exports.guidelines.pages:FORMAT",
    "fhir": "exports.fhir.bundles:FORMAT",
    "fhir-r5": "exports.fhir.bundles:R5",
    "fhir-mii": "exports.fhir.mii:FORMAT",
    "csv": "exports.tables:CSV",
    "csv-long": "exports.tables:LONG_CSV",
    "jsonl": "exports.tables:JSONL",
    "jsonl-long": "exports.tables:LONG_JSONL",
    "parquet": "exports.tables:PARQUET",
    "parquet-long": "exports.tables:LONG_PARQUET",
    "llama-factory": "exports.chat:LLAMA_FACTORY",
}


def export_format(name: str) -> ExportFormat:
    """The format of that name. Raises UsageError where there is none."""
    if name not in FORMATS:
        raise UsageError(f"expected a format of {', '.join(FORMATS)}, got {name!r}")
    module, _, attribute = FORMATS[name].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, ExportFormat)
    return found
