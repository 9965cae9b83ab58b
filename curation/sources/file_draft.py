"""Drafts of formats that have no columns: the mapping refers to the file's name and the id."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curation.errors import SlowPatternError, UsageError
from curation.sources.draft import Draft
from curation.sources.mapping import Column, ImportMapping
from curation.sources.reading import ReadingContext
from curation.sources.rows import SourceRow, read_column, slow, stem_of

#: Formats whose records have no columns of their own.
WITHOUT_COLUMNS = frozenset({"text", "brat", "pubtator", "conll", "spacy", "cas", "webanno"})
#: What there is of a file instead.
FILE_COLUMNS = ("_file", "_stem", "_folder", "_line", "_text", "_id")
#: Fields of a record that a file's name can tell.
FIELDS = ("id", "language", "group", "source", "licence")


def file_columns(mapping: ImportMapping, given: Mapping[str, str]) -> dict[str, Column | None]:
    """Where a record's fields come from, as given by option, else by the mapping.

    Raises UsageError when an option names a field or a column that a file does not have.
    """
    for name, column in given.items():
        if name not in FIELDS or column not in FILE_COLUMNS:
            raise UsageError(
                f"expected --column FIELD=COLUMN with one of {', '.join(FIELDS)} and, since these files have no "
                f"columns of their own, one of {', '.join(FILE_COLUMNS)}, got {name}={column}"
            )
    return {name: Column(columns=(given[name],)) if name in given else getattr(mapping, name) for name in FIELDS}


def file_draft(where: str, text: str, path: Path, reading: ReadingContext, *, id: str | None = None) -> Draft:
    """The draft of a text; its columns are ``_file``, ``_stem``, ``_folder``, ``_line``, ``_text`` and ``_id``.

    ``id`` is what the format itself gives; without it the file's name, less its ending, stands for it.
    """
    columns = file_columns(reading.mapping, reading.options.columns)
    stated = stem_of(path) if id is None else id
    row = SourceRow(where, {"_id": stated})
    draft = Draft(where, text)
    try:
        values = {name: read_column(column, row, path, text) for name, column in columns.items() if column}
        labels = {name: read_column(column, row, path, text) for name, column in reading.mapping.labels.items()}
    except SlowPatternError as error:
        draft.refused = slow(error, reading.mapping)
        return draft
    draft.source_id = values.get("id", stated) or ""
    draft.language, draft.group = values.get("language"), values.get("group")
    draft.source, draft.licence = values.get("source"), values.get("licence")
    draft.labels = {name: label for name, label in labels.items() if label}
    draft.annotated = bool(draft.labels)
    return draft
