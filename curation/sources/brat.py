"""Records from BRAT standoff: a text and its ``.ann`` file, or ``.a1`` and ``.a2`` (BioNLP).

T entities (discontinuous ones too), E events, R and * relations, A and M attributes,
N normalisations, # notes. Format: Stenetorp et al., 2012; the BioNLP shared tasks part it in two files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from curation.errors import SlowPatternError
from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.encodings import settle_encoding
from curation.sources.file_draft import file_draft
from curation.sources.folder import irregular
from curation.sources.formats import STANDOFF, beside
from curation.sources.lines import FileLine, read_lines, read_whole
from curation.sources.mapping import ImportMapping, NotePattern
from curation.sources.reading import Lost, Notice, Problem, ReadingContext, shown
from curation.sources.rows import slow
from curation.timed_pattern import TimedPattern

#: How an annotation's line starts; another line may go on with the wording of the entity before.
START = re.compile(r"(?:[TREAMN#]\S*|\*)\t")
ENTITY = re.compile(r"T\S*\t[^\t]*\t")
#: A line's end of old Macintosh files.
CARRIAGE_RETURN = re.compile(r"\r(?!\n|\Z)")
OFFSETS = re.compile(r"(\S+) (\d{1,15} \d{1,15}(?:;\d{1,15} \d{1,15})*)$")
#: Characters of one annotation; what goes on beyond belongs to no annotation.
LONGEST = 1 << 16
ARGUMENT = re.compile(r"(\S+?):(\S+)")


def read_brat(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem | Notice]:
    """The draft of a text file with the annotations in the ``.ann`` file beside it."""
    text = read_whole(path, reading)
    if isinstance(text, Problem):
        yield text
        return
    draft = file_draft(f"{path}:1", text, path, reading)
    files = [file for file in beside(path, STANDOFF) if not irregular(file, reading.root)]
    if reading.options.layer is not None and files:
        draft.annotated = True
        document = _Standoff(draft, reading.mapping)
        for file in files:
            settled, said = settle_encoding(file, reading)
            if said is not None:
                yield said
            size, limit = file.stat().st_size, reading.options.line_limit
            if size > limit:
                yield Problem(str(file), f"expected at most {limit} bytes of annotations, got {size}", Lost.FILE)
            elif size and not isinstance(said, Problem):
                yield from document.read(file, _joined(_lines(file, settled), text))
        yield from document.finish()
        if document.left_out:
            what = "left out, since a layer has neither attributes of relations nor notes on them or on nothing"
            yield Notice(draft.where, f"{what}: {document.left_out}")
    yield draft


def _lines(path: Path, reading: ReadingContext) -> Iterator[FileLine | Problem]:
    """The lines of a file, in which carriage returns alone may part them too."""
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield line
        else:
            pieces = CARRIAGE_RETURN.split(line.text)
            yield from (FileLine(number, f"{piece}\n") for number, piece in enumerate(pieces, start=line.number))


def _joined(lines: Iterator[FileLine | Problem], text: str) -> Iterator[FileLine | Problem]:
    """The annotations; those of entities whose wordings run over a line's end put together, as the text has them."""
    words = " ".join(text.split())
    held: FileLine | None = None
    for line in lines:
        if isinstance(line, Problem):
            yield line
        elif held is not None and (not line.text.strip() or _goes_on(held, line.text, words)):
            held = FileLine(held.number, f"{held.text}{line.text}")
        else:
            if held is not None:
                yield held
            held = line
    if held is not None:
        yield held


def _goes_on(held: FileLine, line: str, words: str) -> bool:
    """Whether a line that starts no annotation goes on with the wording of the entity before it: its offsets leave
    room for both, and the text says both (parts of a discontinuous one each).
    """
    entity = ENTITY.match(held.text)
    if entity is None or START.match(line) or len(held.text) > LONGEST:
        return False
    stated, further = held.text[entity.end() :].split(), " ".join(line.split())
    room = sum(int(end) - int(start) for start, end in re.findall(r"(\d{1,15}) (\d{1,15})", entity.group()))
    if len("".join((*stated, *further.split()))) > room:
        return False
    return " ".join((*stated, further)) in words or (";" in entity.group() and further in words)


class _Standoff:
    """The files of annotations of one text, whose annotations a draft takes."""

    def __init__(self, draft: Draft, mapping: ImportMapping) -> None:
        self.draft = draft
        self.mapping, self.notes = mapping, mapping.notes
        self.entities: dict[str, DraftEntity] = {}
        self.triggers: dict[str, str] = {}
        self.later: list[tuple[str, str, str]] = []
        self.left_out = 0

    def read(self, path: Path, lines: Iterator[FileLine | Problem]) -> Iterator[Problem]:
        """Takes the entities of a file, and keeps what refers to them; yields what is no annotation."""
        for line in lines:
            if isinstance(line, Problem):
                yield line
                continue
            where = f"{path}:{line.number}"
            parts = line.text.rstrip("\r\n").split("\t", 2)
            if not line.text.strip():
                continue
            if not START.match(line.text):
                yield Problem(where, "expected an annotation (such as T1, a tab, ...), got something else", Lost.ENTITY)
            elif parts[0][0] == "T":
                yield from self._entity(where, *parts)
            else:
                self.later.append((where, parts[0], "\t".join(parts[1:])))

    def finish(self) -> Iterator[Problem]:
        """Puts everything on the draft; yields what does not fit."""
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
                case _:
                    problem = self._note(rest)
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
            try:
                _apply_note(entity, kind, note.strip(), self.notes)
            except SlowPatternError as error:
                self.draft.refused = slow(error, self.mapping)
        self.left_out += entity is None
        return None

    def _target(self, id_: str) -> DraftEntity | None:
        return self.entities.get(self.triggers.get(id_, id_))

    def _loose(self, where: str, what: str, target: str) -> Problem | None:
        """A layer has no attributes of relations; those of what does not exist are a problem."""
        if target[:1] in {"R", "*"}:
            self.left_out += 1
            return None
        return Problem(where, f"{what}: expected an entity or event {shown(target)}, got none of that id", Lost.ENTITY)


def _spans(offsets: str) -> tuple[Span, ...]:
    """The fragments in the order given, which is the order of their wording."""
    pairs = (pair.split() for pair in offsets.split(";"))
    return tuple((int(start), int(end)) for start, end in pairs)


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> TimedPattern:
    return TimedPattern(pattern)


def _apply_note(entity: DraftEntity, kind: str, note: str, pattern: NotePattern | None) -> None:
    match = _compiled(pattern.pattern).search(note) if pattern else None
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
