"""Records from PubTator: title and abstract, entities with concept ids, relations between concepts.

Format: Wei et al., 2013; as in BC5CDR (2016) and BioRED (2022).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.file_draft import file_draft
from curation.sources.lines import FileLine, read_lines
from curation.sources.reading import Lost, Problem, ReadingContext, shown

TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
CONCEPT = re.compile(r"(?:[A-Za-z]+:)?[A-Z]{0,2}\d+")
NO_CONCEPTS = frozenset({"", "-", "-1"})


def read_pubtator(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """A draft for each document; documents are parted by an empty line or by another id."""
    lines: list[FileLine] = []
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield line
        elif not line.text.strip() or (lines and _starts_document(line.text)):
            yield from _document(lines, path, reading)
            lines = [line] if line.text.strip() else []
        elif not lines or TEXT.match(lines[0].text):  # of what is no document, the first line is enough
            lines.append(line)
    yield from _document(lines, path, reading)


def _starts_document(text: str) -> bool:
    match = TEXT.match(text)
    return match is not None and match[2] == "t"


def _document(lines: list[FileLine], path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    if not lines:
        return
    where = f"{path}:{lines[0].number}"
    parts = {match[2]: match for line in lines[:2] if (match := TEXT.match(line.text.rstrip("\r\n")))}
    if "t" not in parts:
        yield Problem(where, "expected a document that starts with id|t|title, got something else")
        return
    identity = parts["t"][1].strip()
    if any(match[1].strip() != identity for match in parts.values()):
        yield Problem(where, "expected title and abstract of one document, got two ids")
        return
    text = "\n".join(match[3] for _, match in sorted(parts.items(), reverse=True))
    draft = file_draft(where, text, path, reading, id=identity)
    draft.annotated = len(lines) > len(parts)
    draft.normalised = True
    yield from _annotate(draft, identity, lines[len(parts) :], path)
    yield draft


def _annotate(draft: Draft, identity: str, lines: list[FileLine], path: Path) -> Iterator[Problem]:
    relations: list[tuple[str, list[str]]] = []
    for line in lines:
        where, cells = f"{path}:{line.number}", line.text.rstrip("\r\n").split("\t")
        if len(cells) >= 4 and cells[0].strip() != identity:
            what = f"expected an annotation of the document {shown(identity)}, got one of {shown(cells[0].strip())}"
            yield Problem(where, what, Lost.ENTITY)
        elif len(cells) >= 5 and all(cell.isdecimal() and len(cell) < 16 for cell in cells[1:3]):
            draft.entities.append(_mention(cells, len(draft.entities) + 1, where))
        elif len(cells) >= 4:
            relations.append((where, cells))
        else:
            what = f"expected an entity (5 columns or more) or a relation (4 or more), got {len(cells)} columns"
            yield Problem(where, what, Lost.ENTITY)
    for number, (where, cells) in enumerate(relations, start=1):
        relation = _link(draft, f"R{number}", cells, where)
        if relation is None:
            what = f"relation R{number}: expected both its concepts among the entities, got one that is not there"
            yield Problem(where, what, Lost.RELATION)
            continue
        draft.relations.append(relation)
        if len(cells) > 4 and cells[4]:
            draft.notes.setdefault("relation_notes", {})[relation.id] = cells[4]


def _mention(cells: list[str], number: int, where: str) -> DraftEntity:
    _, start, end, wording, type_, *rest = cells
    entity = DraftEntity(f"T{number}", type_, spans=((int(start), int(end)),), wording=wording, where=where)
    if rest:
        entity.codes = concepts(rest[0])
    if len(rest) > 1 and rest[1]:
        entity.attributes["individual_mentions"] = rest[1]
    return entity


def concepts(cell: str) -> tuple[str, ...]:
    """The concept ids in a cell: parted by a comma or semicolon, or by a bar between plain ids (not in variants)."""
    found: dict[str, None] = {}
    for part in re.split(r"[,;]", cell):
        parts = part.split("|")
        plain = len(parts) > 1 and all(CONCEPT.fullmatch(concept.strip()) for concept in parts)
        found |= dict.fromkeys(concept.strip() for concept in (parts if plain else [part]))
    return tuple(concept for concept in found if concept not in NO_CONCEPTS)


def _link(draft: Draft, id_: str, cells: list[str], where: str) -> DraftRelation | None:
    """The relation of two concepts, put between those of their entities that stand nearest to each other."""
    heads, tails = (_entities_of(draft, concept) for concept in cells[2:4])
    pairs = [(head, tail) for head, tail in product(heads, tails) if head is not tail]
    if not pairs:
        return None
    head, tail = min(pairs, key=lambda pair: _distance(*pair))
    return DraftRelation(id_, cells[1], head.id, tail.id, where)


def _entities_of(draft: Draft, concept: str) -> list[DraftEntity]:
    exact = [entity for entity in draft.entities if concept in entity.codes]
    ids = set(concepts(concept))
    return exact or [entity for entity in draft.entities if ids & set(entity.codes)]


def _distance(left: DraftEntity, right: DraftEntity) -> int:
    return abs(left.extent[0] - right.extent[0])
