"""PubTator: title and abstract of a document in a line each, its entities with concept ids after them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from curation.private_files import made_private
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.sources.pubtator import NO_CONCEPTS, two_lines
from exports.file_names import file_name
from exports.losses import CHARACTERS, CODES, Capacity
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(codes=True)
#: A concept id that a cell of several can hold: what parts them is not in it, nor white space at its ends.
CODE = re.compile(r"[^,;|\s](?:[^,;|\t\r\n]*[^,;|\s])?")


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """One file a split, documents parted by an empty line; the first line of a text is its title."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.pubtator"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                lines.writelines(_lines(record, layer))
        files.append(path)
    return files


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What PubTator cannot hold, and the line breaks and tabs that become blanks."""
    lost = CAPACITY(record, layer, scheme)
    lost[CODES] += sum(not _fits(code) for entity in CAPACITY.kept(layer) for code in entity.codes)
    lost[CHARACTERS] = sum(a != b for a, b in zip(record.text, two_lines(record.text), strict=True))
    return +lost


def _fits(code: str) -> bool:
    return bool(CODE.fullmatch(code)) and code not in NO_CONCEPTS


def _lines(record: Record, layer: Layer) -> Iterator[str]:
    id = file_name(record.id)
    text = two_lines(record.text)
    title, newline, abstract = text.partition("\n")
    yield f"{id}|t|{title}\n"
    if newline:
        yield f"{id}|a|{abstract}\n"
    for entity in CAPACITY.kept(layer):
        codes = ";".join(dict.fromkeys(code for code in entity.codes if _fits(code)))
        wording = text[entity.start : entity.end].replace("\n", " ")
        yield f"{id}\t{entity.start}\t{entity.end}\t{wording}\t{entity.category}\t{codes or '-'}\n"
    yield "\n"


FORMAT = ExportFormat(
    "PubTator: title, abstract, entities with concept ids",
    write,
    losses,
    read_as="pubtator",
    whole="*.pubtator",
    records_beside=True,
    texts_beside=True,
)
