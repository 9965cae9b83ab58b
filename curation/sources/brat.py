"""Records from BRAT standoff: a text and its ``.ann`` file.

T entities (discontinuous ones too), E events, R and * relations, A and M attributes,
N normalisations, # notes. Format: Stenetorp et al., 2012.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.file_draft import file_draft
from curation.sources.lines import FileLine, read_lines, read_whole
from curation.sources.mapping import NotePattern
from curation.sources.reading import Lost, Problem, ReadingContext, shown

#: How an annotation's line starts; another line goes on with the wording of the one before.
START = re.compile(r"(?:[TREAMN#]\S*|\*)\t")
OFFSETS = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)$")
#: Characters of one annotation; what goes on beyond belongs to no annotation.
LONGEST = 1 << 16
ARGUMENT = re.compile(r"(\S+?):(\S+)")


def read_brat(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """The draft of a text file with the annotations in the ``.ann`` file beside it."""
    text = read_whole(path, reading)
    if isinstance(text, Problem):
        yield text
        return
    draft = file_draft(f"{path}:1", text, path, reading)
    standoff = path.with_suffix(".ann")
    if reading.options.layer is not None and standoff.exists():
        draft.annotated = True
        document = _Standoff(draft, standoff, reading.mapping.notes)
        if standoff.stat().st_size:
            yield from document.read(_joined(read_lines(standoff, reading)))
    yield draft


def _joined(lines: Iterator[FileLine | Problem]) -> Iterator[FileLine | Problem]:
    """The annotations, with wordings that run over a line's end put together."""
    held: FileLine | None = None
    for line in lines:
        if isinstance(line, Problem):
            yield line
        elif held is not None and not START.match(line.text):
            if len(held.text) < LONGEST:
                held = FileLine(held.number, f"{held.text}{line.text}")
        else:
            if held is not None:
                yield held
            held = line
    if held is not None:
        yield held


class _Standoff:
    """One ``.ann`` file, whose annotations a draft takes."""

    def __init__(self, draft: Draft, path: Path, notes: NotePattern | None) -> None:
        self.draft = draft
        self.path = path
        self.notes = notes
        self.entities: dict[str, DraftEntity] = {}
        self.triggers: dict[str, str] = {}
        self.later: list[tuple[str, str, str]] = []

    def read(self, lines: Iterator[FileLine | Problem]) -> Iterator[Problem]:
        """Puts everything on the draft; yields what does not fit."""
        for line in lines:
            if isinstance(line, Problem):
                yield line
                continue
            where = f"{self.path}:{line.number}"
            parts = line.text.rstrip("\r\n").split("\t", 2)
            if not line.text.strip():
                continue
            if len(parts) < 2 or not parts[0]:
                yield Problem(where, "expected an annotation of two or three columns, got something else", Lost.ENTITY)
            elif parts[0][0] == "T":
                yield from self._entity(where, *parts)
            else:
                self.later.append((where, parts[0], "\t".join(parts[1:])))
        yield from self._rest()
        self.draft.entities = list(self.entities.values())
        for relation in self.draft.relations:  # an event stands for its trigger
            relation.head, relation.tail = (
                self.triggers.get(relation.head, relation.head),
                self.triggers.get(relation.tail, relation.tail),
            )

    def _entity(self, where: str, id_: str, offsets: str, wording: str | None = None) -> Iterator[Problem]:
        match = OFFSETS.match(offsets)
        if match is None:
            yield Problem(where, f"entity {shown(id_)}: expected a type and offsets, got something else", Lost.ENTITY)
        elif id_ in self.entities:
            yield Problem(where, f"entity {shown(id_)}: expected each id once, got it again", Lost.ENTITY)
        else:
            self.entities[id_] = DraftEntity(id_, match[1], spans=_spans(match[2]), wording=wording, where=where)

    def _rest(self) -> Iterator[Problem]:
        """What refers to entities, which may stand anywhere in the file: events before what refers to these."""
        for where, id_, rest in sorted(self.later, key=lambda entry: entry[1][0] != "E"):
            match id_[0]:
                case "E":
                    problem = self._event(where, id_, rest)
                case "R":
                    problem = self._relation(where, id_, rest)
                case "*":
                    problem = self._equivalence(where, rest)
                case "A" | "M":
                    problem = self._attribute(where, id_, rest)
                case "N":
                    problem = self._normalisation(where, id_, rest)
                case "#":
                    problem = self._note(rest)
                case _:
                    problem = Problem(where, f"expected an annotation of BRAT, got {shown(id_)}", Lost.ENTITY)
            if problem:
                yield problem

    def _event(self, where: str, id_: str, rest: str) -> Problem | None:
        arguments = ARGUMENT.findall(rest)
        if not arguments:
            return Problem(where, f"event {shown(id_)}: expected a type and a trigger, got neither", Lost.RELATION)
        trigger = arguments[0][1]
        self.triggers[id_] = trigger
        for number, (role, target) in enumerate(arguments[1:], start=1):
            self.draft.relations.append(DraftRelation(f"{id_}.{number}", role, trigger, target, where))
        return None

    def _relation(self, where: str, id_: str, rest: str) -> Problem | None:
        type_, _, ends = rest.strip().partition(" ")
        arguments = ARGUMENT.findall(ends)
        if len(arguments) != 2:
            what = f"relation {shown(id_)}: expected a type and two arguments, got {len(arguments)} arguments"
            return Problem(where, what, Lost.RELATION)
        (_, head), (_, tail) = arguments
        self.draft.relations.append(DraftRelation(id_, type_, head, tail, where))
        return None

    def _equivalence(self, where: str, rest: str) -> Problem | None:
        """A set becomes a chain: each of its members linked to the next."""
        type_, *members = rest.split() or [""]
        if len(members) < 2:
            return Problem(where, f"relation *: expected two members or more, got {len(members)}", Lost.RELATION)
        line = where.rpartition(":")[2]
        for number, (head, tail) in enumerate(pairwise(members), start=1):
            self.draft.relations.append(DraftRelation(f"*{line}.{number}", type_, head, tail, where))
        return None

    def _attribute(self, where: str, id_: str, rest: str) -> Problem | None:
        name, target, value = (*rest.split(maxsplit=2), "", "", "")[:3]
        entity = self._target(target)
        if entity is None:
            return self._loose(where, f"attribute {shown(id_)}", target)
        entity.attributes[name] = value.strip() or "true"
        return None

    def _normalisation(self, where: str, id_: str, rest: str) -> Problem | None:
        _, target, code = (*rest.split("\t")[0].split(maxsplit=2), "", "", "")[:3]
        entity = self._target(target)
        if entity is None:
            return self._loose(where, f"normalisation {shown(id_)}", target)
        entity.codes = (*entity.codes, code.strip())
        return None

    def _note(self, rest: str) -> Problem | None:
        """A note on an entity is its attribute; one on anything else is left out."""
        head, _, note = rest.partition("\t")
        kind, target = (*head.split(maxsplit=1), "", "")[:2]
        entity = self._target(target)
        if entity is not None and note.strip():
            _apply_note(entity, kind, note.strip(), self.notes)
        return None

    def _target(self, id_: str) -> DraftEntity | None:
        return self.entities.get(self.triggers.get(id_, id_))

    def _loose(self, where: str, what: str, target: str) -> Problem | None:
        """A layer has no attributes of relations; those of what does not exist are a problem."""
        if target[:1] in {"R", "*"}:
            return None
        return Problem(where, f"{what}: expected an entity or event {shown(target)}, got none of that id", Lost.ENTITY)


def _spans(offsets: str) -> tuple[Span, ...]:
    """The fragments in the order given, which is the order of their wording."""
    pairs = (pair.split() for pair in offsets.split(";"))
    return tuple((int(start), int(end)) for start, end in pairs)


def _apply_note(entity: DraftEntity, kind: str, note: str, pattern: NotePattern | None) -> None:
    match = re.search(pattern.pattern, note) if pattern else None
    if match is None:
        earlier = entity.attributes.get(kind)
        entity.attributes[kind] = f"{earlier}\n{note}" if earlier else note
        return
    found = {name: value for name, value in match.groupdict().items() if value}
    if pattern and pattern.type_is_code:
        entity.codes = (*entity.codes, entity.type)
    if code := found.pop("code", None):
        entity.codes = tuple(dict.fromkeys((*entity.codes, code)))
    entity.type = found.pop("category", entity.type)
    entity.attributes |= found
