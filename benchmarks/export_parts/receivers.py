"""Whether an export opens in the tool that it is for: how many of its records that tool finds."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from export_parts.trl_environment import opened_by_trl, trl_folder


def _datasets(folder: Path) -> int:
    import datasets

    datasets.disable_progress_bars()
    loaded = datasets.load_dataset(str(folder), cache_dir=str(folder.with_name("cache")), streaming=True)
    return sum(1 for split in loaded.values() for _ in split)


def _json_lines(folder: Path) -> int:
    import datasets

    files = [str(path) for path in folder.glob("*.jsonl") if not path.name.endswith(".records.jsonl")]
    loaded = datasets.load_dataset("json", data_files=files, split="train", streaming=True)
    return sum(1 for _ in loaded)


def _csv(folder: Path) -> int:
    import pandas

    return sum(len(pandas.read_csv(path, lineterminator="\n")) for path in folder.glob("*.csv"))


def _parquet(folder: Path) -> int:
    import pyarrow.parquet as parquet

    return sum(parquet.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def _spacy(folder: Path) -> int:
    import spacy
    from spacy.tokens import DocBin

    vocab = spacy.blank("xx").vocab
    return sum(1 for path in folder.glob("*.spacy") for _ in DocBin().from_disk(path).get_docs(vocab))


def _conll(folder: Path) -> int:
    from spacy.training.converters import conll_ner_to_docs

    mark = "-DOCSTART- -X- O O"
    contents = [path.read_text(encoding="utf-8") for path in folder.glob("*.conll")]
    assert all(list(conll_ner_to_docs(content, no_print=True)) for content in contents)
    return sum(content.count(mark) for content in contents)


def _cas(folder: Path) -> int:
    import cassis

    with (folder / "TypeSystem.xml").open("rb") as file:
        types = cassis.load_typesystem(file)
    found = 0
    for path in folder.rglob("*.xmi"):
        with path.open("rb") as file:
            found += bool(cassis.load_cas_from_xmi(file, typesystem=types).sofa_string)
    return found


def _bioc(folder: Path) -> int:
    from bioc import biocxml

    found = 0
    for path in folder.glob("*.bioc.xml"):
        with path.open(encoding="utf-8") as file:
            found += len(biocxml.load(file).documents)
    return found


def _pubtator(folder: Path) -> int:
    from bioc import pubtator

    found = 0
    for path in folder.glob("*.pubtator"):
        with path.open(encoding="utf-8") as file:
            found += len(pubtator.load(file))
    return found


def _label_studio(folder: Path) -> int:
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface((folder / "config.xml").read_text(encoding="utf-8"))
    found = 0
    for path in folder.glob("*.json"):
        tasks = json.loads(path.read_text(encoding="utf-8")) if path.name != "clincurate-export.json" else []
        found += sum(all(map(interface.validate_annotation, task["annotations"])) for task in tasks)
    return found


def _fhir(folder: Path, *, version: str) -> int:
    from importlib import import_module

    bundle = import_module(f"fhir.resources{version}.bundle").Bundle
    lines = (line for path in folder.glob("*.ndjson") for line in path.read_text("utf-8").splitlines())
    return sum(bool(bundle.model_validate_json(line).entry) for line in lines)


def _fhir_cas(folder: Path) -> int:
    """The bundles of which the archive in the last resource is a CAS with the document's text, but for lost letters."""
    import cassis

    found = 0
    for line in (line for path in folder.glob("*.ndjson") for line in path.read_text("utf-8").splitlines()):
        *_, original, annotated = (
            entry["resource"]["content"][0]["attachment"] for entry in json.loads(line)["entry"][1:]
        )
        archive = ZipFile(BytesIO(b64decode(annotated["data"])))
        xmi, types = (archive.read(name) for name in archive.namelist())
        read = cassis.load_cas_from_xmi(BytesIO(xmi), typesystem=cassis.load_typesystem(BytesIO(types)))
        found += len(read.sofa_string) == len(b64decode(original["data"]).decode())
    return found


def _trl(folder: Path) -> int:
    trl = trl_folder(install=True)
    assert trl is not None
    found = opened_by_trl(folder, trl)
    return found["learned"] * found["trained"]


#: By the format: the package that its receiver's tool is in, and how many records that tool finds.
RECEIVERS: Mapping[str, tuple[str, Callable[[Path], int]]] = {
    "hf": ("datasets", _datasets),
    "trl": ("trl", _trl),
    **dict.fromkeys(("chat", "openai", "llama-factory", "jsonl", "spacy-jsonl"), ("datasets", _json_lines)),
    "csv": ("pandas", _csv),
    "parquet": ("pyarrow", _parquet),
    "spacy": ("spacy", _spacy),
    "conll": ("spacy", _conll),
    "cas": ("cassis", _cas),
    "bioc": ("bioc", _bioc),
    "pubtator": ("bioc", _pubtator),
    "label-studio": ("label_studio_sdk", _label_studio),
    "fhir": ("fhir", partial(_fhir, version=".R4B")),
    "fhir-r5": ("fhir", partial(_fhir, version="")),
    "fhir-mii": ("cassis", _fhir_cas),
}


def opened(format: str, folder: Path) -> tuple[str, int] | None:
    """The receiver's package and how many records it finds; None where there is no such tool here."""
    if format not in RECEIVERS:
        return None
    package, count = RECEIVERS[format]
    is_here = trl_folder(install=True) is not None if package == "trl" else find_spec(package) is not None
    return (package, count(folder)) if is_here else None
