"""The ways in which real files are damaged: each writes a corpus anew and says what stands where."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from import_parts.corpora import Document, Mention

#: Astral and two-byte characters that are put into a text to tell the countings apart.
ASTRAL, TWO_BYTES = "\N{STETHOSCOPE}", "µ"


@dataclass
class Sent:
    """A damaged corpus: what `curate import` is given, and what is right."""

    path: Path
    arguments: tuple[str, ...] = ()
    documents: list[Document] = field(default_factory=list)
    #: Lines of the file that belong to a document; empty where its name stands in the file's name.
    lines: dict[str, set[int]] = field(default_factory=dict)


Damage = Callable[[list[Document], Path], Sent]


def with_marks(document: Document, character: str) -> Document:
    """The document with a character before every third blank-led word, its mentions moved along."""
    cuts = [0] + [
        index + 1
        for number, index in enumerate(i for i, letter in enumerate(document.text) if letter == " ")
        if number % 40 == 20 and not any(m.start <= index + 1 < m.end for m in document.mentions)
    ]
    parts = [document.text[a:b] for a, b in pairwise([*cuts, len(document.text)])]
    text = "".join(f"{character} {part}" for part in parts)

    def moved(offset: int) -> int:
        return offset + 2 * sum(cut <= offset for cut in cuts)

    def moved_end(offset: int) -> int:
        return offset + 2 * sum(cut < offset for cut in cuts)

    mentions = tuple(Mention(moved(m.start), moved_end(m.end), m.category) for m in document.mentions)
    return Document(document.name, text, mentions)


def _brat(
    documents: Iterable[Document],
    folder: Path,
    *,
    counted: Callable[[str, int], int] = lambda _, offset: offset,
    written: Callable[[str], bytes] = str.encode,
    line: Callable[[int, str], str] = lambda _, line: line,
) -> Sent:
    sent = Sent(folder / "brat", ("--format", "brat"))
    sent.path.mkdir(parents=True)
    for document in documents:
        text = document.text
        lines = [
            line(
                number,
                f"T{number}\t{mention.category} {counted(text, mention.start)} {counted(text, mention.end)}\t"
                + " ".join(text[mention.start : mention.end].splitlines()),
            )
            for number, mention in enumerate(document.mentions, start=1)
        ]
        (sent.path / f"{document.name}.txt").write_bytes(written(text))
        (sent.path / f"{document.name}.ann").write_text("\n".join(lines) + "\n", encoding="utf-8")
        sent.documents.append(document)
    return sent


def line_ends_as_one(documents: list[Document], folder: Path) -> Sent:
    """Texts with CRLF whose offsets count one character a line end."""
    return _brat(documents, folder, written=lambda text: text.replace("\n", "\r\n").encode())


def utf16_units(documents: list[Document], folder: Path) -> Sent:
    """Offsets that count UTF-16 units, as JavaScript and Java do."""
    marked = [with_marks(document, ASTRAL) for document in documents]
    return _brat(marked, folder, counted=lambda text, offset: len(text[:offset].encode("utf-16-le")) // 2)


def utf8_bytes(documents: list[Document], folder: Path) -> Sent:
    """Offsets that count bytes of UTF-8."""
    marked = [with_marks(document, TWO_BYTES) for document in documents]
    return _brat(marked, folder, counted=lambda text, offset: len(text[:offset].encode()))


def mark_counted(documents: list[Document], folder: Path) -> Sent:
    """Files with a byte order mark that the offsets count as a character."""
    return _brat(documents, folder, counted=lambda _, offset: offset + 1, written=lambda text: text.encode("utf-8-sig"))


def another_edition(documents: list[Document], folder: Path) -> Sent:
    """Offsets of a text that had 37 characters more at its beginning."""
    return _brat(documents, folder, counted=lambda _, offset: offset + 37)


def blanks_for_tabs(documents: list[Document], folder: Path) -> Sent:
    """Every fifth line of the annotations with blanks where tabs belong."""
    return _brat(documents, folder, line=lambda number, line: line if number % 5 else line.replace("\t", " "))


def utf16_files(documents: list[Document], folder: Path) -> Sent:
    """Texts in UTF-16 with a byte order mark, annotations in UTF-8."""
    return _brat(documents, folder, written=lambda text: text.encode("utf-16"))


def _rows(documents: Iterable[Document], folder: Path, row: Callable[[Document], Iterable[dict[str, Any]]]) -> Sent:
    sent = Sent(folder / "rows.jsonl")
    number = 0
    with sent.path.open("w", encoding="utf-8") as file:
        for document in documents:
            for values in row(document):
                number += 1
                file.write(json.dumps({"text": document.text, **values}, ensure_ascii=False) + "\n")
                sent.lines.setdefault(document.name, set()).add(number)
            sent.documents.append(document)
    return sent


def _wording(document: Document, mention: Mention) -> str:
    return document.text[mention.start : mention.end]


def _fields(name: Callable[[Mention], dict[str, Any]]) -> Damage:
    def damage(documents: list[Document], folder: Path) -> Sent:
        def row(document: Document) -> Iterator[dict[str, Any]]:
            yield {
                "entities": [
                    {"text": _wording(document, mention), "category": mention.category, **name(mention)}
                    for mention in document.mentions
                ]
            }

        return _rows(documents, folder, row)

    return damage


def dict_of_lists(documents: list[Document], folder: Path) -> Sent:
    """One list a field, as columnar stores turn a list of objects round."""

    def row(document: Document) -> Iterator[dict[str, Any]]:
        yield {
            "entities": {
                "start": [mention.start for mention in document.mentions],
                "end": [mention.end for mention in document.mentions],
                "label": [mention.category for mention in document.mentions],
            }
        }

    return _rows(documents, folder, row)


def by_type(documents: list[Document], folder: Path) -> Sent:
    """An object from each type to its annotations."""

    def row(document: Document) -> Iterator[dict[str, Any]]:
        entities: dict[str, list[dict[str, Any]]] = {}
        for mention in document.mentions:
            entities.setdefault(mention.category, []).append(
                {"start": mention.start, "end": mention.end, "text": _wording(document, mention)}
            )
        yield {"entities": entities}

    return _rows(documents, folder, row)


def row_a_mention(documents: list[Document], folder: Path) -> Sent:
    """A row for each mention, the text in every row."""

    def row(document: Document) -> Iterator[dict[str, Any]]:
        for mention in document.mentions:
            yield {"id": document.name, "start": mention.start, "end": mention.end, "label": mention.category}

    return _rows(documents, folder, row)


def twice(documents: list[Document], folder: Path) -> Sent:
    """Each record twice, the mentions shared between the two."""

    def row(document: Document) -> Iterator[dict[str, Any]]:
        for half in (document.mentions[::2], document.mentions[1::2]):
            entities = [{"start": m.start, "end": m.end, "label": m.category} for m in half]
            yield {"id": document.name, "entities": entities}

    return _rows(documents, folder, row)


def rejected(documents: list[Document], folder: Path) -> Sent:
    """Prodigy's answers: every third one was rejected, so what it marks is not there."""
    numbers = {document.name: number for number, document in enumerate(documents)}

    def row(document: Document) -> Iterator[dict[str, Any]]:
        spans = [{"start": m.start, "end": m.end, "label": m.category} for m in document.mentions]
        yield {"spans": spans, "answer": "reject" if numbers[document.name] % 3 == 2 else "accept"}

    sent = _rows(documents, folder, row)
    sent.documents = [document for document in documents if numbers[document.name] % 3 != 2]
    return sent


def _table(documents: Iterable[Document], folder: Path, *, encoding: str) -> Sent:
    sent = Sent(folder / "table.csv")
    with sent.path.open("w", encoding=encoding, newline="") as file:
        line = 1
        file.write("id;text;entities\r\n")
        for document in documents:
            entities = [
                {"start": m.start, "end": m.end, "label": m.category, "text": _wording(document, m)}
                for m in document.mentions
            ]
            cells = io.StringIO()
            csv.writer(cells, delimiter=";").writerow([document.name, document.text, json.dumps(entities)])
            try:
                cells.getvalue().encode(encoding)
            except UnicodeEncodeError:
                continue
            file.write(cells.getvalue())
            after = line + cells.getvalue().count("\n")
            sent.lines[document.name] = set(range(line + 1, after + 1))
            sent.documents.append(document)
            line = after
    return sent


def json_in_a_cell(documents: list[Document], folder: Path) -> Sent:
    """A table with the annotations as JSON in a cell."""
    return _table(documents, folder, encoding="utf-8")


def german_excel(documents: list[Document], folder: Path) -> Sent:
    """The same table in cp1252."""
    return _table([with_marks(document, "ü") for document in documents], folder, encoding="cp1252")


def another_id(documents: list[Document], folder: Path) -> Sent:
    """PubTator with every fifth annotation under another document's id, which is no annotation of this one."""
    sent = Sent(folder / "documents.PubTator", ("--format", "pubtator"))
    line = 0
    with sent.path.open("w", encoding="utf-8") as file:
        for number, document in enumerate(documents, start=1):
            title, _, abstract = document.text.replace("\n", " ").partition(" ")
            lines = [f"{number}|t|{title}", f"{number}|a|{abstract}"]
            for count, mention in enumerate(document.mentions):
                owner = number if count % 5 else number + 1_000_000
                wording = " ".join(_wording(document, mention).splitlines())
                lines.append(f"{owner}\t{mention.start}\t{mention.end}\t{wording}\t{mention.category}\tD1")
            file.write("\n".join(lines) + "\n\n")
            sent.lines[document.name] = set(range(line + 1, line + len(lines) + 1))
            own = tuple(mention for count, mention in enumerate(document.mentions) if count % 5)
            sent.documents.append(Document(document.name, document.text.replace("\n", " "), own))
            line += len(lines) + 1
    return sent


def short_rows(documents: list[Document], folder: Path) -> Sent:
    """CoNLL whose every fifth document has a row with blanks for its tab, within a mention."""
    sent = Sent(folder / "documents.conll", ("--format", "conll"))
    line = 0
    with sent.path.open("w", encoding="utf-8") as file:
        for number, document in enumerate(documents):
            lines, mentions = _tagged(document)
            if number % 5 == 4:
                at = next(index for index, row in enumerate(lines) if "\tB-" in row)
                lines[at] = lines[at].replace("\t", " ").replace(" x ", " ")
                lines[at] = lines[at].split(" ")[0]
            file.write("\n".join(lines) + "\n\n")
            sent.lines[document.name] = set(range(line + 1, line + len(lines) + 1))
            sent.documents.append(Document(document.name, document.text, mentions))
            line += len(lines) + 1
    return sent


def _tagged(document: Document) -> tuple[list[str], tuple[Mention, ...]]:
    """One row a word, and the mentions that are whole words and do not overlap: what the format can say."""
    words = []
    offset = 0
    for word in document.text.split():
        offset = document.text.index(word, offset)
        words.append((offset, offset + len(word)))
        offset += len(word)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    fitting: list[Mention] = []
    for mention in document.mentions:
        if mention.start in starts and mention.end in ends and (not fitting or fitting[-1].end <= mention.start):
            fitting.append(mention)
    tags: dict[int, str] = {}
    for mention in fitting:
        inside = [start for start, _ in words if mention.start <= start < mention.end]
        tags |= {start: f"{'I' if index else 'B'}-{mention.category}" for index, start in enumerate(inside)}
    return [f"{document.text[a:b]}\t{tags.get(a, 'O')}" for a, b in words], tuple(fitting)


#: By what is damaged; each corpus goes through all of them.
DAMAGES: dict[str, Damage] = {
    "counted: line ends as one": line_ends_as_one,
    "counted: UTF-16 units": utf16_units,
    "counted: bytes": utf8_bytes,
    "counted: the mark": mark_counted,
    "counted: another edition": another_edition,
    "fields: offset, length": _fields(lambda m: {"offset": m.start, "length": m.end - m.start}),
    "fields: char_interval": _fields(lambda m: {"char_interval": {"start_pos": m.start, "end_pos": m.end}}),
    "fields: offsets [[a, b]]": _fields(lambda m: {"offsets": [[m.start, m.end]]}),
    "fields: von, bis": _fields(lambda m: {"von": m.start, "bis": m.end}),
    "fields: a, z": _fields(lambda m: {"a": m.start, "z": m.end}),
    "shape: dict of lists": dict_of_lists,
    "shape: by type": by_type,
    "shape: a row a mention": row_a_mention,
    "shape: JSON in a cell": json_in_a_cell,
    "encoding: cp1252": german_excel,
    "encoding: UTF-16": utf16_files,
    "malformed: blanks for tabs": blanks_for_tabs,
    "malformed: another document's id": another_id,
    "malformed: a column less": short_rows,
    "doubled: two halves": twice,
    "doubled: rejected answers": rejected,
}
