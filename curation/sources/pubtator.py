"""Records from PubTator: title and abstract, entities with concept ids, relations between concepts.

Format: Wei et al., 2013; as in BC5CDR (2016) and BioRED (2022).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.file_draft import file_draft
from curation.sources.lines import FileLine, read_lines
from curation.sources.reading import Lost, Problem, ReadingContext, shown

TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
CONCEPT = re.compile(r"(?:[A-Za-z]+:)?[A-Z]{0,2}\d+")
#: What ends a line for some readers; a tab parts the cells of an annotation.
BREAK = re.compile("[\r\n\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
NO_CONCEPTS = frozenset({"", "-", "-1"})


def read_pubtator(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """A draft for each document; documents are parted by an empty line or by another id."""
    lines: list[FileLine] = []
    characters = 0
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield line
        elif not line.text.strip() or (lines and _starts_document(line.text)):
            yield from _document(lines, characters, path, reading)
            lines = [line] if line.text.strip() else []
            characters = len(line.text)
        elif not lines or TEXT.match(lines[0].text):  # of what is no document, the first line is enough
            characters += len(line.text)
            if _fits(len(lines), characters, reading):  # nor is more held of a document that is too large
                lines.append(line)
    yield from _document(lines, characters, path, reading)


def _fits(lines: int, characters: int, reading: ReadingContext) -> bool:
    return lines <= reading.options.most_marks and characters <= reading.options.line_limit


def _starts_document(text: str) -> bool:
    match = TEXT.match(text)
    return match is not None and match[2] == "t"


def _document(lines: list[FileLine], characters: int, path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    if not lines:
        return
    where = f"{path}:{lines[0].number}"
    if not _fits(len(lines), characters, reading):
        most, limit = reading.options.most_marks, reading.options.line_limit
        what = f"expected at most {most} lines and {limit} characters in a document, got more: passed over"
        yield Problem(where, what)
        return
    parts = {match[2]: match for line in lines[:2] if (match := TEXT.match(line.text.rstrip("\r\n")))}
    if "t" not in parts:
        yield Problem(where, "expected a document that starts with id|t|title, got something else")
        return
    identity = parts["t"][1].strip()
    if any(match[1].strip() != identity for match in parts.values()):
        yield Problem(where, "expected title and abstract of one document, got two ids")
        return
    text = "\n".join(match[3] for _, match in sorted(parts.items(), reverse=True))
    original = reading.own.text(identity) if reading.own else None
    text = original if original is not None and two_lines(original) == text else text
    draft = file_draft(where, text, path, reading, id=identity)
    draft.annotated = len(lines) > len(parts) or reading.own is not None
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
    concepts_of = _Concepts(draft.entities)
    for number, (where, cells) in enumerate(relations, start=1):
        pair = concepts_of.nearest(*cells[2:4])
        if pair is None:
            what = f"relation R{number}: expected both its concepts among the entities, got one that is not there"
            yield Problem(where, what, Lost.RELATION)
            continue
        draft.relations.append(DraftRelation(f"R{number}", cells[1], pair[0].id, pair[1].id, where))
        if len(cells) > 4 and cells[4]:
            draft.notes.setdefault("relation_notes", {})[f"R{number}"] = cells[4]


def _mention(cells: list[str], number: int, where: str) -> DraftEntity:
    _, start, end, wording, type_, *rest = cells
    entity = DraftEntity(f"T{number}", type_, spans=((int(start), int(end)),), wording=wording, where=where)
    if rest:
        entity.codes = concepts(rest[0])
    if len(rest) > 1 and rest[1]:
        entity.attributes["individual_mentions"] = rest[1]
    return entity


def two_lines(text: str) -> str:
    """The text as a document has it: a title, and an abstract in one line if there is more; all offsets stay."""
    title, newline, abstract = text.partition("\n")
    return BREAK.sub(" ", title) + newline + BREAK.sub(" ", abstract)


def concepts(cell: str) -> tuple[str, ...]:
    """The concept ids in a cell: parted by a comma or semicolon, or by a bar between plain ids (not in variants)."""
    found: dict[str, None] = {}
    for part in re.split(r"[,;]", cell):
        parts = part.split("|")
        plain = len(parts) > 1 and all(CONCEPT.fullmatch(concept.strip()) for concept in parts)
        found |= dict.fromkeys(concept.strip() for concept in (parts if plain else [part]))
    return tuple(concept for concept in found if concept not in NO_CONCEPTS)


class _Concepts:
    """The entities of a document by their concepts; each pair of concepts is looked for once."""

    def __init__(self, entities: list[DraftEntity]) -> None:
        self._by_code: dict[str, dict[str, DraftEntity]] = {}
        for entity in entities:
            for code in entity.codes:
                self._by_code.setdefault(code, {})[entity.id] = entity
        self._order = {entity.id: number for number, entity in enumerate(entities)}
        self._nearest: dict[tuple[str, str], tuple[DraftEntity, DraftEntity] | None] = {}

    def nearest(self, head: str, tail: str) -> tuple[DraftEntity, DraftEntity] | None:
        """Those of the entities of two concepts that stand nearest to each other; None where one has none."""
        if (head, tail) not in self._nearest:
            pairs = _near(self._entities_of(head), self._entities_of(tail))
            self._nearest[head, tail] = min(pairs, key=lambda pair: _distance(*pair), default=None)
        return self._nearest[head, tail]

    def _entities_of(self, concept: str) -> list[DraftEntity]:
        if exact := self._by_code.get(concept):
            return list(exact.values())
        found: dict[str, DraftEntity] = {}
        for code in concepts(concept):
            found |= self._by_code.get(code, {})
        return sorted(found.values(), key=lambda entity: self._order[entity.id])


def _near(heads: list[DraftEntity], tails: list[DraftEntity]) -> Iterator[tuple[DraftEntity, DraftEntity]]:
    """Each head with the tails next to it: with all of them, many would take time that grows with the square."""
    ordered = sorted(tails, key=lambda tail: tail.extent[0])
    starts = [tail.extent[0] for tail in ordered]
    for head in heads:
        after = bisect_left(starts, head.extent[0])
        yield from ((head, tail) for tail in ordered[max(0, after - 2) : after + 2] if tail is not head)


def _distance(left: DraftEntity, right: DraftEntity) -> int:
    return abs(left.extent[0] - right.extent[0])
