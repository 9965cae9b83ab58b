"""The syntax of WebAnno TSV 3: the columns that the header declares, the rows of words, and how values are escaped.

Richard Eckart de Castilho et al., INCEpTION user guide, appendix "WebAnno TSV 3.3 File format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

FORMAT = re.compile(r"#FORMAT=WebAnno TSV 3\.(\d+)")
LAYER = re.compile(r"#T_(SP|CH|RL)=(.+)")
#: How names of features begin that hold links to other annotations, and of columns that name the base of a relation.
ROLE, BASE = "ROLE_", "BT_"
#: What chains call the two features that every one has.
CHAIN_LINK, CHAIN_TYPE = "referenceRelation", "referenceType"
#: A cell without an annotation, and a value that is not set.
NOTHING, UNSET = "_", "*"
UNIT = re.compile(r"\d+-\d+(?:\.\d+)?")
OFFSETS = re.compile(r"(\d{1,9})-(\d{1,9})")
#: What tells apart annotations that look alike: `PER[1]`; of a relation, of both of its ends: `1-1[0_2]`.
SUFFIX = re.compile(r"(?<!\\)\[(\d+(?:_\d+)?)\]")
LAST_SUFFIX = re.compile(rf"{SUFFIX.pattern}$")
CHAIN_SUFFIX = re.compile(r"(?<!\\)->(\d+)-(\d+)$")
ESCAPED = re.compile(r"\\(->|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
IN_TEXT = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b", "\\": "\\"}
#: Escaped in values, and by some writers in texts too.
RESERVED = {character: character for character in ("[", "]", "|", "_", "->", ";", "*")}


class LayerKind(StrEnum):
    """The three kinds of layers by how the header marks them."""

    SPAN = "SP"
    CHAIN = "CH"
    RELATION = "RL"


class WrongRowError(ValueError):
    """A row that is not one; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class WebannoLayer:
    """A layer and its columns: where they begin in a row, and the name of each."""

    kind: LayerKind
    name: str
    first: int
    features: tuple[str, ...]

    def cells(self, row: WebannoRow) -> list[tuple[str, str]]:
        """The names of the columns with what stands in them."""
        return list(zip(self.features, row.cells[self.first :], strict=False))

    def is_target(self, number: int) -> bool:
        """Whether a column names the targets of the links in the column before it."""
        return number > 0 and self.features[number - 1].startswith(ROLE)


@dataclass(frozen=True, slots=True)
class WebannoRow:
    """A word, or a part of one, with its offsets and the cells of all layers."""

    where: str
    unit: str
    start: int
    end: int
    form: str
    cells: tuple[str, ...]


def layer_of(line: str, first: int) -> WebannoLayer:
    """The layer that a line of the header declares; one without features has one column. Raises WrongRowError."""
    found = LAYER.fullmatch(line)
    if found is None:
        raise WrongRowError("expected a layer such as #T_SP=NAME|FEATURE, got something else")
    name, *features = found[2].split("|")
    return WebannoLayer(LayerKind(found[1]), name, first, tuple(filter(None, features)) or ("",))


def row_of(line: str, where: str, columns: int, minor: int) -> WebannoRow:
    """The row of a line. Raises WrongRowError."""
    cells = line.split("\t")
    if len(cells) < columns + 3 or any(cells[columns + 3 :]):
        raise WrongRowError(f"expected {columns + 3} columns as the header says, got {len(cells)}")
    offsets = OFFSETS.fullmatch(cells[1])
    if UNIT.fullmatch(cells[0]) is None or offsets is None or int(offsets[2]) < int(offsets[1]):
        raise WrongRowError("expected a word's number and its offsets, such as 1-2 and 4-8, got something else")
    form = unescaped(cells[2], minor)
    return WebannoRow(where, cells[0], int(offsets[1]), int(offsets[2]), form, tuple(cells[3 : columns + 3]))


def damaged_ids(line: str) -> Iterator[str]:
    """The ids of annotations that a row has that could not be read."""
    return (found[1] for found in SUFFIX.finditer(line) if "_" not in found[1])


def ids_of(row: WebannoRow) -> set[str]:
    """The ids of annotations that a row has."""
    return {id for cell in row.cells for id in damaged_ids(cell)}


def split(cell: str, separator: str) -> list[str]:
    """The parts of a cell between separators that are not escaped; none of a cell without annotations."""
    if cell == NOTHING:
        return []
    parts = [""]
    for piece in re.findall(rf"\\.|{re.escape(separator)}|[^\\{re.escape(separator)}]+|\\", cell):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def suffixed(value: str) -> tuple[str, str]:
    """A value, and the id in brackets after it."""
    found = LAST_SUFFIX.search(value)
    return (value[: found.start()], found[1]) if found else (value, "")


def value_of(written: str) -> str | None:
    """A value without its escapes; None where it is not set."""
    return None if written in (UNSET, "") else _replaced(written, IN_TEXT | RESERVED)


def unescaped(text: str, minor: int, *, reserved: bool = False) -> str:
    """A text without its escapes. Until version 3.1 they are those of Java; reserved: values' escapes are some too."""
    known = IN_TEXT | ({"'": "'", '"': '"', "/": "/"} if minor < 2 else {}) | (RESERVED if reserved else {})
    return _replaced(text, known, java=minor < 2)


def _replaced(text: str, known: dict[str, str], *, java: bool = False) -> str:
    def plain(found: re.Match[str]) -> str:
        escaped = found[1]
        if java and len(escaped) == 5:
            return chr(int(escaped[1:], 16))
        if escaped in known or escaped < " ":
            return known.get(escaped, escaped)
        return found[0]

    return ESCAPED.sub(plain, text) if "\\" in text else text


def counted(layers: Sequence[WebannoLayer]) -> int:
    """How many columns layers have together."""
    return sum(len(layer.features) for layer in layers)
