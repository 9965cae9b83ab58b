"""Drafts of formats that have no columns: the mapping refers to the file's name and the id."""

from __future__ import annotations

from pathlib import Path

from curation.sources.draft import Draft
from curation.sources.mapping import Column
from curation.sources.reading import ReadingContext
from curation.sources.rows import SourceRow, read_column, stem_of


def file_draft(where: str, text: str, path: Path, reading: ReadingContext, *, id: str | None = None) -> Draft:
    """The draft of a text; its columns are ``_file``, ``_stem``, ``_folder``, ``_line``, ``_text`` and ``_id``.

    ``id`` is what the format itself gives; without it the file's name, less its ending, stands for it.
    """
    mapping = reading.mapping
    stated = stem_of(path) if id is None else id
    row = SourceRow(where, {"_id": stated})
    source_id = stated if mapping.id is None else read_column(mapping.id, row, path, text)

    def say(column: Column | None) -> str | None:
        return read_column(column, row, path, text) if column else None

    draft = Draft(where, text, source_id=source_id or "")
    draft.language, draft.group = say(mapping.language), say(mapping.group)
    draft.source, draft.licence = say(mapping.source), say(mapping.licence)
    for name, column in mapping.labels.items():
        if label := say(column):
            draft.labels[name] = label
            draft.annotated = True
    return draft
