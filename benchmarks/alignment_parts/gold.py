"""Reports with the wordings of their gold and where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.text.alignment import inside_word

SPAN = re.compile(r"^T\d+\t(?P<category>\S+) (?P<start>\d+) (?P<end>\d+)\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A wording in a category, at its place; contiguous."""

    category: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GoldText:
    """A text and its gold spans in order, each once."""

    text: str
    spans: tuple[GoldSpan, ...]


def brat(folder: Path) -> Iterator[GoldText]:
    """The texts of a folder of BRAT files."""
    for path in sorted(folder.glob("*.ann")):
        text = path.with_suffix(".txt").read_text(encoding="utf-8")
        found = SPAN.finditer(path.read_text(encoding="utf-8"))
        yield _gold(text, (GoldSpan(span["category"], int(span["start"]), int(span["end"])) for span in found))


def json_lines(path: Path) -> Iterator[GoldText]:
    """The texts of a file of JSON lines with `text` and `label` (start, end, category)."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield _gold(row["text"], (GoldSpan(category, start, end) for start, end, category in row["label"]))


def _gold(text: str, spans: Iterator[GoldSpan]) -> GoldText:
    """Without spans that begin or end within a word or lie within another of their category: no quote tells them."""
    kept: list[GoldSpan] = []
    for span in sorted(set(spans), key=lambda span: (span.start, -span.end, span.category)):
        taken = any(span.category == other.category and span.start < other.end for other in kept)
        within_word = inside_word(text, span.start) or inside_word(text, span.end)
        if not taken and not within_word and text[span.start : span.end].strip() == text[span.start : span.end]:
            kept.append(span)
    return GoldText(text, tuple(kept))
