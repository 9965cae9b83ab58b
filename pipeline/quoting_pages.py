"""Pages of a workspace that quote records: reports, Data Docs and what Label Studio exported; all can be made again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from curation.record import Record

#: Where pages are, below the workspace, with all files that belong to them; Label Studio leaves a file of each export.
FOLDERS = ("reports", "gx/uncommitted", "label-studio/data/media")
#: Pages hold text; pictures, styles and fonts are drawn from numbers.
SUFFIXES = frozenset({".html", ".htm", ".json", ".jsonl", ".csv", ".txt", ".md", ".svg", ".tsv", ".xml", ".ann"})
#: So many words in a row, in the text and on a page, are a quotation; fewer are a common phrase.
WORDS = 6

TAG = re.compile(r"<[^>]*>")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrt]")
WORD = re.compile(r"\w+")


def quoting_pages(workspace: Path, records: Sequence[Record]) -> list[Path]:
    """The pages that name one of the records or hold words of it, whatever marks stand between the words."""
    ids = [record.id for record in records]
    quoted = _quoted(records)
    pages = (path for folder in FOLDERS for path in _files(workspace / folder))
    return [path for path in pages if any(id in _content(path) for id in ids) or _quotes(path, quoted)]


def other_quoting_files(workspace: Path, sources: Iterable[Path], records: Sequence[Record]) -> list[Path]:
    """Files that nobody makes anew and that hold words of the records: in the workspace, and those imported.

    Files that are no text (Parquet, databases) are not looked into.
    """
    quoted = _quoted(records)
    folders = [workspace / folder for folder in FOLDERS]
    paths = dict.fromkeys(path.resolve() for place in (workspace, *sources) for path in _files(place))
    pages = {path.resolve() for folder in folders for path in _files(folder)}
    return [path for path in paths if path not in pages and _quotes(path, quoted)]


def _files(place: Path) -> Iterator[Path]:
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def _content(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def _quotes(path: Path, quoted: set[tuple[str, ...]]) -> bool:
    plain = html.unescape(TAG.sub(" ", ESCAPED.sub(_unescaped, _content(path))))
    return not quoted.isdisjoint(_shingles(plain))


def _quoted(records: Sequence[Record]) -> set[tuple[str, ...]]:
    return {shingle for record in records for shingle in _shingles(record.text)}


def _unescaped(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16)) if escaped[1] else " "


def _shingles(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.casefold() for word in WORD.findall(text)]
    return (tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1))
