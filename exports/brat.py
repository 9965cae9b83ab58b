"""BRAT standoff: a folder a split, a text and its annotations a record, and the configuration of the scheme."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from curation.private_files import made_private
from curation.record import Entity, Layer, Record, wording
from curation.scheme import Scheme
from curation.sources.own_folder import ASSERTION, SCORE
from exports.file_names import file_name
from exports.losses import ASSERTIONS, ATTRIBUTES, CODES, SCORES, Capacity, is_asserted
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

CAPACITY = Capacity(discontinuous=True, assertions=True, attributes=True, codes=True, scores=True, relations=True)
#: What BRAT takes for the name of an attribute, and what stands in one line.
NAME = re.compile(r"[^\s:|]+")
LINE = re.compile(r"\S(?:[^\t\n\r]*\S)?")
#: What would end a line of an annotation.
BREAK = re.compile(r"[\t\n\r]")
MARK = "\ufeff"


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`SPLIT/ID.txt` with `SPLIT/ID.ann`, and `annotation.conf`, `visual.conf` for BRAT itself."""
    files = []
    made_private(to)
    for split in view.curated.splits:
        folder = made_private(to / split)
        for record, layer in view.members(split):
            text, notes = folder / f"{file_name(record.id)}.txt", folder / f"{file_name(record.id)}.ann"
            # A reader drops the first mark of byte order: a text that begins with one gets another.
            text.write_bytes((MARK * record.text.startswith(MARK) + record.text).encode())
            notes.write_text("".join(_lines(record, layer)), encoding="utf-8", newline="\n")
            files += [text, notes]
    for name, content in (("annotation.conf", _annotation(view.scheme)), ("visual.conf", _visual(view.scheme))):
        path = to / name
        path.write_text(content, encoding="utf-8")
        files.append(path)
    return files


def losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What BRAT cannot hold: beside what has no place, names and values that are none in one line."""
    kept = list(CAPACITY.kept(layer))
    lost = CAPACITY.lost(record, layer, kept)
    for entity in kept:
        lost[ATTRIBUTES] += sum(not _fits(name, value) for name, value in entity.attributes.items())
        lost[CODES] += sum(not LINE.fullmatch(code) for code in entity.codes)
        lost[ASSERTIONS] += is_asserted(entity) and ASSERTION in entity.attributes
        lost[SCORES] += entity.score is not None and SCORE in entity.attributes
    return +lost


def _fits(name: str, value: str) -> bool:
    return bool(NAME.fullmatch(name) and LINE.fullmatch(value))


def _lines(record: Record, layer: Layer) -> Iterator[str]:
    kept = list(CAPACITY.kept(layer))
    numbers = {entity.id: f"T{number}" for number, entity in enumerate(kept, start=1)}
    attributes, codes = 0, 0
    for entity in kept:
        id = numbers[entity.id]
        offsets = ";".join(f"{start} {end}" for start, end in entity.spans)
        yield f"{id}\t{entity.category} {offsets}\t{BREAK.sub(' ', wording(record.text, entity.spans))}\n"
        for name, value in _attributes(entity):
            attributes += 1
            yield f"A{attributes}\t{name} {id} {value}\n"
        for code in entity.codes:
            if LINE.fullmatch(code):
                codes += 1
                yield f"N{codes}\tReference {id} {code}\t{code}\n"
    for number, link in enumerate(CAPACITY.related(layer), start=1):
        yield f"R{number}\t{link.type} Arg1:{numbers[link.head]} Arg2:{numbers[link.tail]}\n"


def _attributes(entity: Entity) -> Iterator[tuple[str, str]]:
    """The attributes that have a place, and what else of an entity BRAT holds as one."""
    yield from ((name, value) for name, value in entity.attributes.items() if _fits(name, value))
    if is_asserted(entity) and ASSERTION not in entity.attributes:
        yield ASSERTION, entity.assertion.value
    if entity.score is not None and SCORE not in entity.attributes:
        yield SCORE, repr(entity.score)


def _annotation(scheme: Scheme) -> str:
    """What BRAT lets people annotate."""
    categories = "|".join(scheme.names)
    relations = "".join(
        f"{link.name}\tArg1:{'|'.join(link.heads or scheme.names)}, Arg2:{'|'.join(link.tails or scheme.names)}\n"
        for link in scheme.relations
    )
    attributes = "".join(
        f"{attribute.name}\tArg:{'|'.join(attribute.categories or scheme.names)}, Value:{'|'.join(attribute.values)}\n"
        for attribute in scheme.attributes
        if all(map(NAME.fullmatch, (attribute.name, *attribute.values)))
    )
    assertions = "negated|possible|conditional|historical|family"
    return (
        "[entities]\n" + "".join(f"{name}\n" for name in scheme.names) + f"\n[relations]\n{relations}\n[events]\n\n"
        f"[attributes]\n{ASSERTION}\tArg:{categories}, Value:{assertions}\n{attributes}"
    )


def _visual(scheme: Scheme) -> str:
    """How BRAT calls and colours the categories."""
    labels = "".join(f"{category.name} | {category.label.get('en', category.name)}\n" for category in scheme.categories)
    colours = "".join(f"{category.name}\tbgColor:{category.colour}\n" for category in scheme.categories)
    return f"[labels]\n{labels}\n[drawing]\n{colours}"


FORMAT = ExportFormat(
    "BRAT standoff: texts with annotations beside them",
    write,
    losses,
    read_as="brat",
    whole="*.txt",
    records_beside=True,
)
