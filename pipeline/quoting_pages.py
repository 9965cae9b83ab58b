"""Pages of a workspace that quote records: reports, Data Docs and what Label Studio exported; all can be made again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from curation.deidentify.identifiers.analyzer import identifiers_of
from curation.deidentify.identifiers.identifier import IdentifierKind
from curation.record import Record

#: Where pages are, below the workspace, with all files that belong to them; Label Studio leaves a file of each export.
FOLDERS = ("reports", "gx/uncommitted", "label-studio/data/media", "experiments/*/result")
#: Pages hold text; pictures, styles and fonts are drawn from numbers.
SUFFIXES = frozenset({".html", ".htm", ".json", ".jsonl", ".csv", ".txt", ".md", ".svg", ".tsv", ".xml", ".ann"})
#: So many words in a row, in the text and on a page, are a quotation; fewer are a common phrase.
WORDS = 6
#: What tells a person by itself: a page with one of these goes, however short it is.
TELLING = frozenset(
    {IdentifierKind.NAME, IdentifierKind.ID, IdentifierKind.PHONE, IdentifierKind.EMAIL, IdentifierKind.STREET}
)

TAG = re.compile(r"<[^>]*>")
#: So many letters in all, and a short wording is too common to tell a record ("No.").
SHORTEST = 4
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrt]")
WORD = re.compile(r"\w+")


def quoting_pages(workspace: Path, records: Iterable[Record]) -> list[Path]:
    """The pages that name one of the records or hold words of it, whatever marks stand between the words.

    A person's name, number or address is enough, and so is the whole of a text that is shorter than a quotation.
    """
    pages = [path for place in _places(workspace) for path in _files(place)]
    if not pages:
        return []
    ids, quoted = set[str](), Quoted()
    for record in records:
        ids.add(record.id)
        quoted.add(record.text)
        quoted.add_short(record.text)
        for found in identifiers_of(record, TELLING):
            quoted.add_short(record.text[slice(*found.span)])
    return [path for path in pages if not ids.isdisjoint(WORD.findall(_content(path))) or quoted.on(path)]


def other_quoting_files(workspace: Path, sources: Iterable[Path], records: Sequence[Record]) -> list[Path]:
    """Files that nobody makes anew and that hold words of the records: in the workspace, and those imported.

    Files that are no text (Parquet, databases) are not looked into.
    """
    quoted = Quoted()
    for record in records:
        quoted.add(record.text)
    paths = dict.fromkeys(path.resolve() for place in (workspace, *sources) for path in _files(place))
    pages = {path.resolve() for place in _places(workspace) for path in _files(place)}
    return [path for path in paths if path not in pages and quoted.on(path)]


class Quoted:
    """Words in a row of some texts, by their hashes: of many texts they take little memory."""

    def __init__(self) -> None:
        self._hashes: dict[int, set[int]] = {}  # by the number of words

    def add(self, text: str) -> None:
        """All quotations of the usual length."""
        self._hashes.setdefault(WORDS, set()).update(_shingles(_words(text), WORDS))

    def add_short(self, wording: str) -> None:
        """A wording as a whole, if it is shorter than a quotation and no single short word."""
        words = _words(wording)
        if len(words) < WORDS and sum(map(len, words)) > SHORTEST:
            self._hashes.setdefault(len(words), set()).add(hash(tuple(words)))

    def on(self, path: Path) -> bool:
        """Whether a file holds one of them."""
        words = _words(html.unescape(TAG.sub(" ", ESCAPED.sub(_unescaped, _content(path)))))
        return any(not found.isdisjoint(_shingles(words, length)) for length, found in self._hashes.items())


def _places(workspace: Path) -> list[Path]:
    return [place for pattern in FOLDERS for place in sorted(workspace.glob(pattern))]


def _files(place: Path) -> Iterator[Path]:
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def _content(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def _unescaped(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16)) if escaped[1] else " "


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _shingles(words: Sequence[str], length: int) -> Iterator[int]:
    return (hash(tuple(words[start : start + length])) for start in range(len(words) - length + 1))
