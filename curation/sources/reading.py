"""What reading a source yields: records with their layers, and problems; and the options of reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curation.author import GOLD
from curation.record import Layer, Record

if TYPE_CHECKING:
    from curation.sources.draft import Draft
    from curation.sources.mapping import ImportMapping


class Lost(StrEnum):
    """What does not come in because of a problem."""

    FILE = "file"  # the file, or the rest of it
    RECORD = "record"
    ENTITY = "entity"
    RELATION = "relation"


#: What an id or a column's name looks like; anything else may be text of a record in the wrong column.
NAME = re.compile(r"[\w.:#*/-]{1,40}(?: [\w.:#*/-]{1,20}){0,2}")


def shown(name: object) -> str:
    """A name of the source as a message may show it; what does not look like one is only counted."""
    text = str(name)
    return text if NAME.fullmatch(text) and len(text) <= 40 else f"({len(text)} characters)"


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read, where ("file:line"), why; never any of the text itself."""

    where: str
    what: str
    lost: Lost = Lost.RECORD

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Read:
    """A record, and what the source holds about it."""

    record: Record
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read, where neither the source nor the mapping defines it. Given options win over both."""

    layer: str | None = GOLD  #: name of the layer that takes the annotations; None reads the text alone
    author: str | None = None  #: who annotated; the layer's name when not given
    language: str | None = None  #: of all records; otherwise the column, the mapping, or detection
    source_name: str | None = None  #: otherwise the column, the mapping, or the name of the file or folder
    licence: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  #: id, text, group ... to the column's name
    encoding: str = "utf-8"  #: of text files; anything in which line feeds and ASCII are one byte
    line_limit: int = 8 * 1024 * 1024  #: bytes of one line, field, JSON item or text file


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """One source being read: what a reader needs besides its path."""

    options: ReadOptions
    mapping: ImportMapping

    @property
    def encoding(self) -> str:
        """The text encoding; a byte order mark of UTF-8 is dropped."""
        plain = self.options.encoding.lower().replace("_", "-")
        return "utf-8-sig" if plain in {"utf-8", "utf8"} else self.options.encoding


class Reader(Protocol):
    """What each format offers: drafts of records (or finished ones) and problems, one after another."""

    def __call__(self, source: Path | str, reading: ReadingContext, /) -> Iterator[Draft | Read | Problem]:
        """The source's drafts and problems, in order; memory does not grow with the source."""
