"""The units of Mantra in two languages, with the concepts of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.text.folding import Span

SPAN = re.compile(r"^T\d+\t(?P<concept>\S+) (?P<places>[\d ;]+)\t", re.MULTILINE)
FOLDERS = {"en": "English", "de": "German"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A text with its gold, each span with what it stands for."""

    text: str
    spans: tuple[tuple[str, tuple[Span, ...]], ...]


def units(folder: Path, source: str, target: str) -> Iterator[tuple[Unit, Unit]]:
    """The units that both languages have, paired by the names of their files without the first number."""
    sides = [
        {_name(path): path for path in sorted((folder / FOLDERS[side]).glob("*.ann"))} for side in (source, target)
    ]
    for name in sorted(sides[0].keys() & sides[1].keys()):
        yield _unit(sides[0][name]), _unit(sides[1][name])


def _name(path: Path) -> str:
    return path.stem.split("_", 1)[-1]


def _unit(path: Path) -> Unit:
    text = path.with_suffix(".txt").read_text(encoding="utf-8")
    found = SPAN.finditer(path.read_text(encoding="utf-8"))
    return Unit(text, tuple((span["concept"], _places(span["places"])) for span in found))


def _places(written: str) -> tuple[Span, ...]:
    pairs = (part.split() for part in written.split(";"))
    return tuple((int(start), int(end)) for start, end in pairs)
