"""What reading a source yields: records with their layers, problems and notices; and the options of reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curation.author import GOLD
from curation.record import Layer, Record

if TYPE_CHECKING:
    from curation.sources.draft import Draft
    from curation.sources.mapping import ImportMapping
    from curation.sources.own_folder import FoundExport
    from curation.sources.path_use import PathUse


#: UTF-8, with or without a byte order mark.
UTF8 = "utf-8-sig"


class Lost(StrEnum):
    """What does not come in because of a problem."""

    FILE = "file"  # the file, or the rest of it
    RECORD = "record"
    ENTITY = "entity"
    RELATION = "relation"


#: What an id or a column's name looks like; anything else may be text of a record in the wrong column.
NAME = re.compile(r"[\w.:#*/-]{1,40}(?: [\w.:#*/-]{1,20}){0,2}")


#: Fields that may say that what an annotation is about is not there.
DENYING = re.compile("negat|negex|polarity|assertion|traits", re.IGNORECASE)


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
    records: int = 1  #: where it is said once for several

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What was read otherwise than at face value, or passed over, where and how; nothing that is wrong."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Read:
    """A record, and what the source holds about it."""

    record: Record
    layers: tuple[Layer, ...] = ()
    realigned: int = 0  #: entities that were put where their wording is, one by one
    where: str = ""  #: "file:line"
    left_out: int = 0  #: annotations that the mapping or the source itself leaves out
    first_of_several: int = 0  #: entities without offsets at the first of several places that say the same


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read, where neither the source nor the mapping defines it. Given options win over both."""

    layer: str | None = GOLD  #: name of the layer that takes the annotations; None reads the text alone
    author: str | None = None  #: who annotated; the layer's name when not given
    language: str | None = None  #: of all records; otherwise the column, the mapping, or detection
    source_name: str | None = None  #: otherwise the column, the mapping, or the name of the file or folder
    licence: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  #: id, text, group ... to the column's name
    encoding: str | None = None  #: of text files; otherwise the mapping's, or UTF-8
    again: str = ""  #: other options of the command, for a message that offers it anew
    line_limit: int = 8 * 1024 * 1024  #: bytes of one line, field, JSON item, text file, or record of many lines
    most_marks: int = 100_000  #: tokens or annotations of one record


class SourceTally:
    """What is said once for a whole source, in the order in which it was met, with the number of rows."""

    def __init__(self) -> None:
        self._met: dict[tuple[type[Problem] | type[Notice], str], tuple[str, int]] = {}
        self._lost: dict[str, tuple[str, int]] = {}
        self._columns: dict[str, str] = {}
        self._fields: dict[str, tuple[str, int]] = {}

    def problem(self, where: str, what: str) -> None:
        """Something in a row that was not understood; the row comes in without it."""
        self._add(Problem, where, what)

    def notice(self, where: str, what: str) -> None:
        """Something in a row that was read in a way that should be known."""
        self._add(Notice, where, what)

    def lost(self, where: str, what: str) -> None:
        """A record that does not come in, for a reason that others may share."""
        first, count = self._lost.get(what, (where, 0))
        self._lost[what] = (first, count + 1)

    def unread_column(self, where: str, name: str) -> None:
        """A column with something that no reader takes."""
        self._columns.setdefault(name, where)

    def unread_fields(self, where: str, names: Iterable[str]) -> None:
        """The fields of an annotation that no reader takes."""
        for name in names:
            first, count = self._fields.get(name, (where, 0))
            self._fields[name] = (first, count + 1)

    def met(self) -> Iterator[Problem | Notice]:
        """A line for each, at the first row where it was met; one for all columns, and one for all fields not read."""
        if self._columns:
            names = ", ".join(map(shown, self._columns))
            what = f"columns of lists or objects that were not read: {names}; name them in a --mapping (meta, labels)"
            yield Notice(next(iter(self._columns.values())), what)
        for telling in (True, False):
            fields = {name: met for name, met in self._fields.items() if bool(DENYING.search(name)) is telling}
            if fields:
                names = ", ".join(f"{shown(name)} ({count})" for name, (_, count) in fields.items())
                what = f"fields of annotations that were not read: {names}; name them in a --mapping (attributes)"
                where = next(where for where, _ in fields.values())
                yield Problem(where, what, Lost.ENTITY) if telling else Notice(where, what)
        for what, (where, count) in self._lost.items():
            yield Problem(where, f"{what} ({count} records)" if count > 1 else what, Lost.RECORD, count)
        for (kind, what), (where, count) in self._met.items():
            said = f"{what} ({count} rows)" if count > 1 else what
            yield Notice(where, said) if kind is Notice else Problem(where, said, Lost.ENTITY)

    def _add(self, kind: type[Problem] | type[Notice], where: str, what: str) -> None:
        first, count = self._met.get((kind, what), (where, 0))
        self._met[kind, what] = (first, count + 1)


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """One source being read: what a reader needs besides its path."""

    options: ReadOptions
    mapping: ImportMapping
    tally: SourceTally
    paths: PathUse
    root: Path  #: the folder that was named, or that of the file which was named; nothing outside of it is read

    own: FoundExport | None = None  #: the export of our own that it is part of
    wide: str | None = None  #: UTF-16 or UTF-32, when the file is in one of them: it is read by way of UTF-8

    @property
    def stated_encoding(self) -> str:
        """The encoding of text files by the option or the mapping."""
        return self.options.encoding or self.mapping.encoding or "utf-8"

    @property
    def encoding(self) -> str:
        """The encoding to decode with; a byte order mark of UTF-8 is dropped."""
        plain = self.stated_encoding.lower().replace("_", "-")
        return UTF8 if self.wide or plain in {"utf-8", "utf8", "utf-8-sig"} else self.stated_encoding


class Reader(Protocol):
    """What each format offers: drafts of records (or finished ones) and problems, one after another."""

    def __call__(self, source: Path | str, reading: ReadingContext, /) -> Iterator[Draft | Read | Problem | Notice]:
        """The source's drafts, problems and notices, in order; memory does not grow with the source."""
