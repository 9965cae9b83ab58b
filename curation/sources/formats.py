"""The table of formats, and which of them a source is in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import cast

from curation.errors import SourceError
from curation.sources.encodings import WIDE_MARKS, open_binary
from curation.sources.folder import entries
from curation.sources.hugging_face import HUB, SAVED
from curation.sources.reading import Reader

#: Each format and the function that reads it, imported when it is used.
FORMATS = {
    "jsonl": "curation.sources.json_rows:read_jsonl",
    "json": "curation.sources.json_rows:read_json",
    "csv": "curation.sources.delimited:read_csv",
    "parquet": "curation.sources.parquet:read_parquet",
    "hf": "curation.sources.hugging_face:read_hugging_face",
    "text": "curation.sources.text_files:read_text",
    "brat": "curation.sources.brat:read_brat",
    "pubtator": "curation.sources.pubtator:read_pubtator",
    "conll": "curation.sources.conll:read_conll",
    "spacy": "curation.sources.spacy_docs:read_spacy",
    "cas": "curation.sources.cas:read_cas",
    "webanno": "curation.sources.webanno:read_webanno",
    "elmtex": "curation.sources.json_rows:read_json",
    "sample": "curation.sources.shipped:read_shipped",
}
#: Formats of which a source is not a file or a folder of files.
WHOLE_SOURCES = frozenset({"hf", "sample"})
#: Formats whose files are no text.
BINARY = frozenset({"parquet", "spacy", "cas"})
#: Which files of a folder are in a format; a compressed one ends in .gz besides.
SUFFIXES = {
    "jsonl": (".jsonl", ".ndjson", ".json", ".txt"),
    "json": (".json",),
    "csv": (".csv", ".tsv", ".tab"),
    "parquet": (".parquet", ".pq"),
    "text": (".txt", ".text"),
    "brat": (".txt",),
    "pubtator": (".pubtator", ".txt"),
    "conll": (".conll", ".iob", ".iob2", ".bio", ".tsv", ".txt"),
    "spacy": (".spacy",),
    "cas": (".xmi", ".json"),
    "webanno": (".tsv", ".txt"),
    "elmtex": (".json", ".jsonl", ".ndjson"),
}
BY_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tab": "csv", ".parquet": "parquet",
    ".pq": "parquet", ".pubtator": "pubtator", ".conll": "conll", ".iob": "conll", ".iob2": "conll", ".bio": "conll",
    ".spacy": "spacy", ".xmi": "cas", ".ann": "brat", ".a1": "brat", ".a2": "brat",
}  # fmt: skip
#: The files of annotations that stand beside a text of BRAT.
STANDOFF = (".ann", ".a1", ".a2")
HEAD = 1 << 16
SUMMARY = re.compile(rb'"summary"\s*:\s*\{')
#: How a CAS of UIMA begins as JSON.
CAS = re.compile(rb'\A\s*\{\s*"%TYPES"\s*:')
#: An array, or an object over several lines, in a file that is called JSON Lines.
NOT_BY_LINE = re.compile(rb"\s*(?:\[|\{\s*\n)")
#: What the first lines of a file look like, in the order tried, where its name does not tell.
LOOKS = {
    "webanno": re.compile(rb"(?:\xef\xbb\xbf)?#FORMAT=WebAnno TSV "),
    "pubtator": re.compile(rb"\s*[^|\t\n]{1,40}\|t\|"),
    "jsonl": re.compile(rb"\s*\{.*\}\s*\n"),
    "conll": re.compile(rb"(?:-DOCSTART-[^\n]*\n\s*)?(?:[^\s]+[^\n]*[\t ](?:O|[BIESLUM]-[^\s]+)\r?\n){2}"),
}


def reader_of(format: str) -> Reader:
    """The function that reads a format."""
    module, _, function = FORMATS[format].partition(":")
    return cast(Reader, getattr(import_module(module), function))


def sniff(source: Path | str) -> str:
    """The format of a source: by what a folder holds, by the name's ending, by the first bytes."""
    if str(source) == "sample" and not Path(source).exists():
        return "sample"
    if str(source).startswith(HUB):
        return "hf"
    path = Path(source)
    if not path.exists():
        raise SourceError(f"expected a file or folder, got none at {source}; a hub data set is written {HUB}owner/name")
    return _sniff_folder(path) if path.is_dir() else _sniff_file(path)


def _sniff_folder(path: Path) -> str:
    """The format of most of its files; a text beside its annotations is BRAT."""
    if any((path / name).is_file() for name in SAVED):
        return "hf"
    files = files_in(path)
    if any(file.suffix.lower() in STANDOFF for file in files):
        return "brat"
    votes: dict[str, int] = {}
    for file in files[:200]:
        if _plain_suffix(file) in {*BY_SUFFIX, ".txt", ".text", ".tsv"}:
            format_ = _sniff_file(file)
            votes[format_] = votes.get(format_, 0) + 1
    return max(votes, key=votes.__getitem__, default="text")


def files_in(path: Path) -> list[Path]:
    """The regular files in a folder and below, in order of their names; hidden files and folders are left out."""
    return [entry for entry in entries(path) if isinstance(entry, Path)]


def _plain_suffix(path: Path) -> str:
    """The ending in small letters, without .gz."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def _sniff_file(path: Path) -> str:
    suffix = _plain_suffix(path)
    format_ = BY_SUFFIX.get(suffix)
    if format_ in {"json", "jsonl"}:
        head = _head(path)
        if CAS.search(head):
            return "cas"
        return "elmtex" if _is_elmtex(head) else "json" if NOT_BY_LINE.match(head) else format_
    if format_ is not None:
        return format_
    head = _head(path)
    for name, look in LOOKS.items():
        if look.match(head):
            return name
    if suffix == ".tsv":
        return "csv"
    return "brat" if beside(path, STANDOFF) else "text"


def _head(path: Path) -> bytes:
    """The first bytes; none when the file cannot be read, which reading will say."""
    try:
        with open_binary(path) as file:
            head = file.read(HEAD)
    except (OSError, EOFError):
        return b""
    wide = next((name for mark, name in WIDE_MARKS.items() if head.startswith(mark)), None)
    return head.decode(wide, "ignore").encode("utf-8", "ignore") if wide else head


def _is_elmtex(head: bytes) -> bool:
    """Whether the first object has a report and a summary by category, or is a patient of PMC-Patients."""
    return (b'"report"' in head and SUMMARY.search(head) is not None) or b'"patient_uid"' in head


def files_of(path: Path, format: str) -> list[Path]:
    """The files of a source that are read, in order: itself, or those in the folder with the format's endings."""
    if path.is_file() or not path.is_dir():
        return [_text_of(path)] if format == "brat" else [path]
    if format == "brat":  # a text whose annotations alone are there is missed by reading it
        return sorted({_text_of(file) for file in files_in(path) if file.suffix.lower() in {".txt", *STANDOFF}})
    files = [file for file in files_in(path) if _plain_suffix(file) in SUFFIXES[format]]
    narrow = [file for file in files if _sniff_file(file) == format] if format != "text" else files
    return narrow or files


def companions(files: Iterable[Path], format: str) -> set[Path]:
    """The files that are read along with these."""
    return {beside_it for file in files for beside_it in beside(file, STANDOFF)} if format == "brat" else set()


def _text_of(path: Path) -> Path:
    """The text that a file of annotations is about; a text is itself."""
    if path.suffix.lower() not in STANDOFF:
        return path
    return next(iter(beside(path, (".txt",))), path.with_suffix(".txt"))


def beside(path: Path, suffixes: Iterable[str]) -> list[Path]:
    """The files beside one that have its name but for these endings, in small or capital letters."""
    tried = (path.with_suffix(written) for suffix in suffixes for written in (suffix, suffix.upper()))
    found = {file.name.lower(): file for file in tried if file.exists()}
    return list(found.values())
