"""Documents of the real corpora with their annotations, read without the product: what an import must find again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

DATA = Path(__file__).parents[3] / "shared" / "data"

#: One line of BRAT with one pair of offsets.
BRAT_LINE = re.compile(r"T\S+\t(\S+) (\d+) (\d+)\t(.*)")


@dataclass(frozen=True)
class Mention:
    """An annotation in code points of its document."""

    start: int
    end: int
    category: str


@dataclass(frozen=True)
class Document:
    """A text and what stands in it."""

    name: str
    text: str
    mentions: tuple[Mention, ...]


def corpora(limit: int) -> dict[str, list[Document]]:
    """Up to so many documents of each corpus that is there, each with a mention at least."""
    found = {
        "maccrobat": _brat(DATA / "maccrobat"),
        "chia": _brat(DATA / "chia"),
        "grascco": _jsonl(DATA / "grascco" / "phi_de.jsonl"),
        "biored": _pubtator(DATA / "biored" / "Dev.PubTator"),
    }
    return {
        corpus: [replace(document, name=f"{corpus}-{document.name}") for document in islice(documents, limit)]
        for corpus, documents in found.items()
    }


def _document(name: str, text: str, mentions: list[tuple[int, int, str]]) -> Document | None:
    """The document with the mentions that are whole and not there twice; None without any."""
    fitting = sorted({mention for mention in mentions if text[mention[0] : mention[1]].strip()})
    if not fitting or "\r" in text:
        return None
    return Document(name, text, tuple(Mention(*mention) for mention in fitting))


def _brat(folder: Path) -> Iterator[Document]:
    for path in sorted(folder.rglob("*.txt")):
        text = path.read_text(encoding="utf-8")
        mentions = []
        for line in path.with_suffix(".ann").read_text(encoding="utf-8").splitlines():
            match = BRAT_LINE.fullmatch(line)
            if match and text[int(match[2]) : int(match[3])] == match[4]:
                mentions.append((int(match[2]), int(match[3]), match[1]))
        if document := _document(path.stem, text, mentions):
            yield document


def _jsonl(path: Path) -> Iterator[Document]:
    if not path.exists():
        return
    for line in path.open(encoding="utf-8"):
        row = json.loads(line)
        spans = next(value for value in row.values() if isinstance(value, list))
        mentions = [(span["start"], span["end"], span["label"]) for span in spans if span["label"]]
        if document := _document(row["doc_id"], row["text"], mentions):
            yield document


def _pubtator(path: Path) -> Iterator[Document]:
    if not path.exists():
        return
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        title, abstract, *lines = block.split("\n")
        text = title.split("|t|")[1] + " " + abstract.split("|a|")[1]
        cells = [line.split("\t") for line in lines]
        mentions = [
            (int(row[1]), int(row[2]), row[4])
            for row in cells
            if len(row) > 5 and text[int(row[1]) : int(row[2])] == row[3]
        ]
        if document := _document(title.split("|")[0], text, mentions):
            yield document
