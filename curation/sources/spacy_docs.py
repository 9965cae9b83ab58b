"""Records from spaCy's DocBin files (needs spacy)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError
from curation.memory_limit import at_most_more
from curation.sources.draft import Draft, DraftEntity
from curation.sources.exported import is_own_export, own_record
from curation.sources.file_draft import file_draft
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext

#: The key of a document's user data under which `curate export spacy` keeps what spans cannot say.
ROW = "clincurate"
#: Bytes that a file may take when it is unpacked, beside those that it has.
MEMORY = 1 << 30


def read_spacy(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """The documents of a file, with `doc.ents` and the spans of all groups; documents stand for lines in problems."""
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError as error:
        raise MissingExtraError("spacy", "export") from error
    try:
        with at_most_more(path.stat().st_size + MEMORY):
            docs = DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
            for number, doc in enumerate(docs, start=1):
                where = f"{path}:{number}"
                yield _own(doc, where, path, reading) or _draft(doc, where, path, reading)
    except Exception as error:  # the library raises whatever its readers raise
        yield Problem(str(path), f"expected a DocBin of spaCy, got another file: {cause(error)}", Lost.FILE)


def _own(doc: Any, where: str, path: Path, reading: ReadingContext) -> Read | None:
    """The record that the document was made of, where it still has its text."""
    written = doc.user_data.get(ROW)
    if not isinstance(written, str) or reading.own is None:
        return None
    values = json.loads(written)
    if not is_own_export(values) or values["text"] != doc.text:
        return None
    return own_record(values, where, path, reading.options)


def _draft(doc: Any, where: str, path: Path, reading: ReadingContext) -> Draft:
    draft = file_draft(where, doc.text, path, reading, id="")
    draft.annotated = True
    spans = {
        (span.start_char, span.end_char, span.label_): span
        for group in (doc.ents, *doc.spans.values())
        for span in group
        if span.end_char > span.start_char
    }
    draft.entities = [
        DraftEntity(
            f"T{number}",
            label,
            spans=((start, end),),
            wording=doc.text[start:end],
            codes=(span.kb_id_,) if span.kb_id_ else (),
        )
        for number, ((start, end, label), span) in enumerate(sorted(spans.items()), start=1)
    ]
    if doc.cats:
        reading.tally.notice(where, "categories of whole documents (doc.cats) are not read")

    return draft
