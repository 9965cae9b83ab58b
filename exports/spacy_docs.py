"""spaCy: DocBin files for training and reading, and JSON lines as Prodigy and spaCy's tools take them."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import MissingExtraError
from curation.private_files import made_private
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from exports.file_names import file_name
from exports.losses import Capacity
from exports.rows import EVERYTHING, row
from exports.settings import ExportSettings
from exports.word_tags import pieces
from exports.writer import ExportedSet, ExportFormat

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Documents in one file: a DocBin is written whole.
DOCUMENTS = 500
#: Where spaCy looks for spans that may overlap, and where fragments of discontinuous ones stand.
SPANS, FRAGMENTS = "sc", "fragments"
#: The key of a document's user data with all that spans cannot say.
ROW = "clincurate"
PLAIN = Capacity()


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`SPLIT-00000.spacy` and on: `doc.ents`, `doc.spans["sc"]` with all entities, `doc.user_data` with everything."""
    spacy = _library()
    made_private(to)
    vocab = spacy.blank("xx").vocab
    files: list[Path] = []
    for split in view.curated.splits:
        docs = spacy.tokens.DocBin(store_user_data=True)
        number = 0
        for record, layer in view.members(split):
            docs.add(_doc(record, layer, view.scheme, vocab))
            if len(docs) == DOCUMENTS:
                files.append(_saved(docs, to, split, number))
                # What a vocabulary has seen stays in it: a new one keeps memory flat.
                docs, vocab = spacy.tokens.DocBin(store_user_data=True), spacy.blank("xx").vocab
                number += 1
        if len(docs) or not number:
            files.append(_saved(docs, to, split, number))
    return files


def write_jsonl(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """One file a split: `text`, `spans` (start, end, label, id) and `meta` with the record's id and language."""
    made_private(to)
    files = []
    for split in view.curated.splits:
        path = to / f"{split}.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            for record, layer in view.members(split):
                lines.write(json.dumps(_line(record, layer), ensure_ascii=False) + "\n")
        files.append(path)
    return files


def jsonl_losses(record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
    """What spans alone cannot hold."""
    return PLAIN.lost(record, layer, list(PLAIN.kept(layer)))


def _line(record: Record, layer: Layer) -> dict[str, Any]:
    spans = [
        {
            "start": entity.start,
            "end": entity.end,
            "label": entity.category,
            "id": entity.id,
            "text": record.text[entity.start : entity.end],
        }
        for entity in PLAIN.kept(layer)
    ]
    return {
        "id": file_name(record.id),
        "text": record.text,
        "spans": spans,
        "meta": {"record": record.id, "language": record.language},
    }


def _saved(docs: Any, to: Path, split: str, number: int) -> Path:
    path = to / f"{split}-{number:05d}.spacy"
    docs.to_disk(path)
    return path


def _doc(record: Record, layer: Layer, scheme: Scheme, vocab: Any) -> Doc:
    from spacy.tokens import Doc, Span
    from spacy.util import filter_spans

    placed = [entity for entity in layer.entities if entity.fragments]
    starts = {start for entity in placed for start, _ in entity.spans}
    ends = {end for entity in placed for _, end in entity.spans}
    words, spaces = _words(record.text, starts, ends)
    doc = Doc(vocab, words=words, spaces=spaces)
    assert doc.text == record.text
    offsets = [token.idx for token in doc]

    def span(entity: Entity, start: int, end: int) -> Span:
        first, last = bisect_left(offsets, start), bisect_left(offsets, end)
        code = entity.codes[0] if entity.codes else ""
        return Span(doc, first, last, label=entity.category, kb_id=code, span_id=entity.id)

    whole = [span(entity, entity.start, entity.end) for entity in placed if len(entity.fragments) == 1]
    doc.spans[SPANS] = whole
    doc.spans[FRAGMENTS] = [
        span(entity, *part) for entity in placed if len(entity.fragments) > 1 for part in entity.spans
    ]
    doc.ents = filter_spans(whole)
    doc.user_data[ROW] = json.dumps(row(record, layer, scheme), ensure_ascii=False)
    return doc


def _words(text: str, starts: set[int], ends: set[int]) -> tuple[list[str], list[bool]]:
    """The text as words and whether a blank follows each; a blank at which an entity begins or ends is a word."""
    words: list[str] = []
    spaces: list[bool] = []
    for start, end in pieces(text, starts | ends):
        alone = start in starts or end in ends
        if text[start:end] == " " and words and not spaces[-1] and not alone:
            spaces[-1] = True
        else:
            words.append(text[start:end])
            spaces.append(False)
    return words, spaces


def _library() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise MissingExtraError("spacy", "export") from error
    return spacy


FORMAT = ExportFormat(
    "spaCy's DocBin: entities, spans that overlap, and everything else as user data",
    write,
    EVERYTHING,
    read_as="spacy",
    whole="*.spacy",
)
JSONL = ExportFormat(
    "texts with spans as JSON lines, for Prodigy and spaCy",
    write_jsonl,
    jsonl_losses,
    read_as="jsonl",
    whole="*.jsonl",
    records_beside=True,
)
