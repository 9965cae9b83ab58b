"""Records from columns of tokens and tags: CoNLL, IOB, IOB2, BIOES, BILOU.

Tokens are joined by one blank (their own spacing is lost in the format), or put at the offsets that
columns give. Tjong Kim Sang and De Meulder, 2003.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from curation.record import wording
from curation.sources.draft import Draft, DraftEntity
from curation.sources.file_draft import file_draft
from curation.sources.lines import FileLine, read_lines
from curation.sources.mapping import ConllShape
from curation.sources.own_folder import FoundExport
from curation.sources.reading import Problem, ReadingContext
from curation.sources.tags import TAG, chunks

DOCUMENT_START = "-DOCSTART-"
#: Columns are parted by a control character (tab or another), or by blanks; by no other white space.
CONTROL = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x1f]")
BLANKS = re.compile(r" +")
COMMENT = "#"
#: The columns of our own exports.
OWN_COLUMNS = ConllShape(token=0, start=1, end=2, tag=3)
#: So many lines tell how many columns a file has.
SAMPLED = 1_000
SENTENCE_END = "\n"
#: What parts a record that is too large.
ADVICE = "; a --mapping with conll: {record: sentence} makes each sentence a record"


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    tag: str
    start: int | None = None
    end: int | None = None


class WrongTokenError(Exception):
    """A line that is no token; the message gives the reason."""


def read_conll(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """A draft for each sentence, document or file. One bad line costs its record, no other."""
    if reading.own is not None:
        yield from _own_drafts(path, reading, reading.own)
        return
    for where, sentences, problem in _blocks(path, reading):
        if problem is not None:
            yield problem
        elif sentences:
            try:
                yield _draft(where, sentences, path, reading)
            except WrongTokenError as error:
                yield Problem(where, str(error))


def _own_drafts(path: Path, reading: ReadingContext, own: FoundExport) -> Iterator[Draft | Problem]:
    """The drafts of an export of our own, whose texts stand beside the words, document by document."""
    reading = replace(reading, mapping=reading.mapping.model_copy(update={"conll": OWN_COLUMNS}))
    blocks = _blocks(path, reading)
    next(blocks)  # what stands before the first document
    documents = own.beside.texts(path)
    for where, sentences, problem in blocks:
        name, text = next(documents, ("", ""))
        spans = [[(token.start or 0, token.end or 0) for token in sentence] for sentence in sentences]
        if problem is not None:
            yield problem
        elif any(
            text[slice(*span)] != token.text for span, token in zip(chain(*spans), chain(*sentences), strict=True)
        ):
            yield Problem(where, "expected the words of the text that stands beside them, got others")
        else:
            draft = file_draft(where or str(path), text, path, reading, id=name)
            draft.annotated, draft.entities = True, list(_entities(sentences, spans))
            for entity in draft.entities:  # as they stand there: of a German compound often a part only
                entity.wording = wording(text, entity.spans or ())
            yield draft


Block = tuple[str, list[list[Token]], Problem | None]


def _blocks(path: Path, reading: ReadingContext) -> Iterator[Block]:
    """The sentences of each record, or why they cannot be read: of what cannot, no more is held."""
    shape, options = reading.mapping.conll, reading.options
    columns = _usual_columns(path, reading)
    sentences: list[list[Token]] = [[]]
    where, bad, documents = "", None, False
    lines = characters = 0
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield "", [], line
            continue
        here = f"{path}:{line.number}"
        starts, empty = line.text.startswith(DOCUMENT_START), not line.text.strip(" \t\r\n")
        if starts or (empty and _ends_record(shape, documents)):
            if not (starts and shape.record == "file"):
                yield where, [sentence for sentence in sentences if sentence], bad
                sentences, where, bad = [[]], "", None
                lines = characters = 0
            documents = documents or starts
            continue
        lines += 1
        characters += len(line.text)
        if bad is None and (lines > options.most_marks or characters > options.line_limit):
            what = f"expected at most {options.most_marks} lines and {options.line_limit} characters in a record"
            where = where or here
            bad = Problem(where, f"{what}, got more: passed over{ADVICE}")
        if bad is not None:
            sentences = [[]]
        elif empty:
            sentences.append([])
        else:
            try:
                token = _token(line.text.rstrip("\r\n"), shape, columns)
                where = where or here
                sentences[-1].append(token)
            except WrongTokenError as error:
                if not line.text.startswith(COMMENT):
                    where, bad = where or here, Problem(here, str(error))
    yield where, [sentence for sentence in sentences if sentence], bad


def _ends_record(shape: ConllShape, documents: bool) -> bool:
    return shape.record == "sentence" or (shape.record == "document" and not documents)


def _usual_columns(path: Path, reading: ReadingContext) -> int:
    """How many columns most of the first lines have."""
    counts = Counter(
        len(_cells(line.text.rstrip("\r\n")))
        for line in islice(read_lines(path, reading), SAMPLED)
        if isinstance(line, FileLine)
        and line.text.strip(" \t\r\n")
        and not line.text.startswith((DOCUMENT_START, COMMENT))
    )
    return counts.most_common(1)[0][0] if counts else 0


def _cells(line: str) -> list[str]:
    return CONTROL.split(line) if CONTROL.search(line) else BLANKS.split(line.strip(" "))


def _token(line: str, shape: ConllShape, columns: int) -> Token:
    cells = _cells(line)
    if len(cells) < 2:
        raise WrongTokenError(f"expected a token and a tag, got {len(cells)} column")
    if len(cells) != columns:
        raise WrongTokenError(f"expected {columns} columns as in most lines, got {len(cells)}")
    try:
        tag = cells[shape.tag].strip(" ")
        start = int(cells[shape.start]) if shape.start is not None else None
        end = int(cells[shape.end]) if shape.end is not None else None
        token = cells[shape.token].strip(" ")
    except IndexError as error:
        raise WrongTokenError(f"expected more columns, got {len(cells)}") from error
    except ValueError as error:
        raise WrongTokenError("expected whole numbers as offsets, got something else") from error
    if not token or TAG.fullmatch(tag) is None:
        raise WrongTokenError("expected a token and a tag such as O, B-TYPE or I-TYPE, got something else")
    return Token(token, tag, start, end)


def _draft(where: str, sentences: list[list[Token]], path: Path, reading: ReadingContext) -> Draft:
    text, spans = _joined(sentences, reading.options.line_limit)
    whole = reading.mapping.conll.record == "file"
    draft = file_draft(where, text, path, reading, id=None if whole else "")
    draft.annotated = True
    draft.entities = list(_entities(sentences, spans))
    return draft


def _joined(sentences: list[list[Token]], limit: int) -> tuple[str, list[list[tuple[int, int]]]]:
    """The text, and the span of each token in it. Raises WrongTokenError where offsets make it too long."""
    text: list[str] = []
    spans: list[list[tuple[int, int]]] = []
    length = 0
    before: int | None = None  # the end of the token before, as the source counts it
    for number, sentence in enumerate(sentences):
        spans.append([])
        for index, token in enumerate(sentence):
            gap = (SENTENCE_END if number else "") if index == 0 else " "
            if before is not None and token.start is not None:
                between = max(0, token.start - before)
                if length + between > limit:
                    raise WrongTokenError(f"expected offsets of a text of at most {limit} characters, got a longer one")
                gap = gap.ljust(between)[:between]
            text += (gap, token.text)
            before = token.end
            start = length + len(gap)
            length = start + len(token.text)
            spans[-1].append((start, length))
    return "".join(text), spans


def _entities(sentences: list[list[Token]], spans: list[list[tuple[int, int]]]) -> Iterator[DraftEntity]:
    number = 0
    for sentence, token_spans in zip(sentences, spans, strict=True):
        for type_, first, last in chunks([token.tag for token in sentence]):
            number += 1
            yield DraftEntity(f"T{number}", type_, spans=((token_spans[first][0], token_spans[last][1]),))
