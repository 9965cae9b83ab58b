"""Tables of words and tags (CoNLL, IOB2 or IOBES): word, first offset, offset after it, tag."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from curation.private_files import made_private
from curation.record import Layer, Record
from curation.text.sentences import sentence_spans
from exports.settings import ExportSettings
from exports.word_tags import TaggedText, losses, tagged
from exports.writer import ExportedSet, ExportFormat

#: How a document begins, as CoNLL 2003 has it and spaCy expects it.
DOCUMENT = "-DOCSTART- -X- O O\n\n"


def write(view: ExportedSet, to: Path, settings: ExportSettings, *, ends: bool = False) -> list[Path]:
    """One file a split: documents, in them sentences parted by an empty line, a word a line, columns parted by tabs."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.conll"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                lines.write(DOCUMENT)
                lines.writelines(_lines(record, layer, ends=ends))
        files.append(path)
    return files


def _lines(record: Record, layer: Layer, *, ends: bool) -> Iterator[str]:
    found = tagged(record, layer, ends=ends)
    starts = _sentence_starts(record, found)
    for index, ((start, end), tag) in enumerate(zip(found.words, found.tags, strict=True)):
        if index in starts:
            yield "\n"
        yield f"{record.text[start:end]}\t{start}\t{end}\t{tag}\n"
    yield "\n"


def _sentence_starts(record: Record, found: TaggedText) -> set[int]:
    """The words before which a sentence ends; never within an entity."""
    ends = iter([end for _, end in sentence_spans(record.text, record.language)])
    starts: set[int] = set()
    end = next(ends, len(record.text))
    for index, (start, _) in enumerate(found.words):
        passed = False
        while start >= end < len(record.text):
            passed, end = True, next(ends, len(record.text))
        if passed and index and found.tags[index][0] in "OBS":
            starts.add(index)
    return starts


FORMAT = ExportFormat(
    "words and tags in IOB2 with offsets (CoNLL)",
    write,
    losses,
    read_as="conll",
    whole="*.conll",
    records_beside=True,
    texts_beside=True,
)
BIOES = ExportFormat(
    "words and tags in IOBES with offsets (CoNLL)",
    partial(write, ends=True),
    losses,
    read_as="conll",
    whole="*.conll",
    records_beside=True,
    texts_beside=True,
)
