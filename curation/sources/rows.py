"""From a row of columns to a draft: one way for JSON, CSV, Parquet and Hugging Face data sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import process

from curation.errors import SlowPatternError, UsageError
from curation.record import digest
from curation.sources.annotators import by_annotator, take_answer
from curation.sources.draft import Draft
from curation.sources.exported import foreign_export, is_own_export, own_cells, own_record
from curation.sources.label_studio import is_task, task_data, task_drafts
from curation.sources.label_studio_least import least_task
from curation.sources.mapping import Column, ImportMapping
from curation.sources.mention_rows import MentionRows
from curation.sources.passages import text_of_passages
from curation.sources.paths import MISSING, dig
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext, shown
from curation.sources.row_annotations import add_annotations, not_understood, own_fields
from curation.sources.row_shapes import PARTS, USUAL_COLUMNS, annotation_columns, looks_like_annotations
from curation.sources.tagged_rows import TAGS, add_tagged, refuse_tokens, tag_column, tokens_of
from curation.timed_pattern import TimedPattern

#: The columns that are tried, in order, where neither the mapping nor an option names one.
USUAL = {
    "id": ("id", "record_id", "doc_id", "document_id", "note_id", "patient_uid", "uid", "uuid", "pmid", "PMID"),
    "text": ("text", "report", "note", "note_text", "content", "document", "transcription", "abstract", "context",
             "sentence", "body"),
    "language": ("language", "lang"),
    "group": ("group", "patient_id", "subject_id", "patient", "article_id"),
    "source": ("source",),
    "licence": ("licence", "license"),
    "annotator": ("annotator", "annotator_id", "_annotator_id", "_session_id", "annotated_by", "completed_by", "user"),
}  # fmt: skip
#: Columns of ids that number texts; what others number may be annotations.
IDS_OF_TEXTS = frozenset({"recordid", "docid", "documentid", "noteid", "patientuid", "pmid"})
#: What tables write for an empty cell, so that it names nobody.
NOTHING = frozenset({"", "nan", "NaN", "<NA>", "NaT"})
#: A column of our own exports whose content stands beside them too.
OF_AN_EXPORT = "meta"
#: Rows without the text column that are let pass before the source is given up, if no row has had it.
PATIENCE = 100
#: Whole numbers above are stored as strings: not every store holds them.
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source: its columns, and where it comes from ("file:line")."""

    where: str
    values: Mapping[str, Any]


class WrongColumnError(Exception):
    """A row lacks the text column, or holds something else in it; the message describes it for people."""


class LabelStudioError(Exception):
    """A row is a task of a Label Studio export, which is no table of records."""


def draft_rows(
    rows: Iterable[SourceRow | Problem | Notice], path: Path, reading: ReadingContext
) -> Iterator[Draft | Read | Problem | Notice]:
    """The drafts of rows, one for each annotator; rows that hold one annotation each are put together by their text.

    A source in which no row has the text column ends with one problem, not thousands. What no reader foresaw in a
    row costs that row.
    """
    table = _Table(path, reading)
    mentions = MentionRows(reading.tally)
    held: list[Problem] = []
    seen_text = False
    for row in rows:
        if not isinstance(row, SourceRow):
            yield row
            continue
        try:
            found = table.read(row)
        except WrongColumnError as error:
            held.append(Problem(row.where, str(error)))
            if not seen_text and len(held) >= PATIENCE:
                break
        except LabelStudioError as error:
            yield Problem(row.where, str(error), Lost.FILE)
            return
        except SlowPatternError as error:
            reading.tally.lost(row.where, slow(error, reading.mapping))
            seen_text = True
        except Exception as error:  # whatever a row holds, the others come in
            yield Problem(row.where, f"expected a row that can be read, got one that ends in {type(error).__name__}")
        else:
            seen_text = True
            for draft in found:
                if isinstance(draft, Draft) and draft.partial:
                    yield from mentions.add(draft, by_id=table.numbers_texts(row))
                else:
                    yield draft
        if seen_text:
            yield from held
            held.clear()
    yield from mentions.rest()
    if held:
        more = f" (and so in all {len(held)} rows read)" if len(held) > 1 else ""
        yield Problem(held[0].where, held[0].what + more, Lost.FILE)


class _Table:
    """Where a source's columns are, found once for each set of columns."""

    def __init__(self, path: Path, reading: ReadingContext) -> None:
        self.path, self.reading = path, reading
        self.mapping = reading.mapping
        self.annotated = reading.options.layer is not None
        self.mapped = self.mapping != ImportMapping()
        self.columns = columns_of(self.mapping, reading.options.columns)
        self.given = {name: column for name, column in self.columns.items() if column.columns != USUAL[name]}
        self.given |= self.mapping.labels
        self._keys: tuple[str, ...] | None = None
        self._resolved: dict[str, Column] = {}

    def numbers_texts(self, row: SourceRow) -> bool:
        """Whether the ids in the row are known to number texts, not annotations."""
        names = self._resolve(row)["id"].columns
        return self.columns["id"].columns != USUAL["id"] or bool(IDS_OF_TEXTS & set(map(joined, names[:1])))

    def read(self, row: SourceRow) -> list[Draft | Read]:
        """What a row holds: a draft for each annotator, or a record of our own export as it was."""
        if (own := self._own(row)) is not None:
            return [own]
        values = row.values if self.mapped else least_task(row.values) or row.values
        if is_task(values) and not self.mapped:
            data = SourceRow(row.where, task_data(values))
            return list(task_drafts(self._draft(data), values, self.reading))
        if reason := foreign_export(row.values):
            raise LabelStudioError(reason)
        draft = self._draft(row)
        if self.annotated:
            self.reading.paths.note(row.where, row.values, self.mapping, self.given)
        return list(by_annotator(draft))

    def _own(self, row: SourceRow) -> Read | None:
        options = self.reading.options
        if self.mapped or options.columns or options.language:
            return None
        values = own_cells(row.values)
        return own_record(values, row.where, self.path, options) if is_own_export(values) else None

    def _draft(self, row: SourceRow) -> Draft:
        columns = self._resolve(row)
        values = row.values
        tokens = tokens_of(values) if self.mapping.entities is None else None
        draft = Draft(row.where, self._text(_first(values, columns["text"].columns), values, columns["text"], tokens))
        draft.source_id = self._read(columns["id"], row, draft.text) or ""
        draft.language = self._read(columns["language"], row, draft.text)
        draft.group = self._read(columns["group"], row, draft.text)
        draft.source = self._read(columns["source"], row, draft.text)
        draft.licence = self._read(columns["licence"], row, draft.text)
        for name, column in self.mapping.labels.items():
            if label := self._read(column, row, draft.text):
                draft.labels[name] = label
                draft.annotated = True
        if self.annotated:
            self._annotate(draft, values, tokens)
        if draft.annotated:
            draft.annotator = self._read(columns["annotator"], row, draft.text) or ""
        else:
            columns = {name: column for name, column in columns.items() if name != "annotator"}
        take_answer(draft, values, self.reading.tally)
        read = {*annotation_columns(values), *(own_fields(values) if draft.partial else ())} if draft.annotated else ()
        draft.meta = _meta(values, self.mapping.meta, columns, other=read)
        if self.annotated and not self.mapped:
            taken = {name for column in columns.values() for name in column.columns}
            self._note_unread(draft.where, values, taken.union(read))
        return draft

    def _note_unread(self, where: str, values: Mapping[str, Any], read: Iterable[str]) -> None:
        """Says which columns of lists and objects nobody reads; those that look like annotations are said already."""
        known = {*read, *PARTS, *TAGS, *USUAL_COLUMNS}
        if self.reading.own is not None:
            known.add(OF_AN_EXPORT)
        for name, value in values.items():
            if isinstance(value, dict | list) and value and name not in known and not looks_like_annotations(value):
                self.reading.tally.unread_column(where, name)

    def _annotate(self, draft: Draft, values: Mapping[str, Any], tokens: Sequence[str] | None) -> None:
        column = tag_column(values, tokens) if tokens and not self.mapping.facts else None
        if tokens and column:
            values = dict(values)
            if not add_tagged(draft, tokens, values.pop(column)):
                self.reading.tally.problem(draft.where, not_understood(column))
        tagged = len(draft.entities)
        add_annotations(draft, values, self.mapping, self.reading.tally)
        if tokens and not tagged and _first(values, self._resolved["text"].columns) is MISSING:
            refuse_tokens(draft, tokens)

    def _resolve(self, row: SourceRow) -> dict[str, Column]:
        """The columns, cut down to those that these rows can have."""
        keys = tuple(row.values)
        if keys != self._keys:
            self._keys = keys
            self._resolved = {
                name: _usual(name, row.values) if column.columns == USUAL[name] else _present(column, row.values)
                for name, column in self.columns.items()
            }
        return self._resolved

    def _text(self, text: Any, values: Mapping[str, Any], column: Column, tokens: Sequence[str] | None) -> str:
        if isinstance(text, str):
            return text
        if text is MISSING and tokens:
            return " ".join(tokens)
        if text is MISSING and (whole := text_of_passages(values)):
            return whole
        if text is MISSING and not any(dig(values, name) is None for name in column.columns):
            raise WrongColumnError(_no_such_column(self.columns["text"].columns, values))
        if text is MISSING:
            return ""
        name = next(name for name in column.columns if dig(values, name) is text)
        raise WrongColumnError(f"expected text in the column {name}, got {type(text).__name__}")

    def _read(self, column: Column, row: SourceRow, text: str) -> str | None:
        return read_column(column, row, self.path, text)


def columns_of(mapping: ImportMapping, given: Mapping[str, str]) -> dict[str, Column]:
    """The columns of a record's fields: as given by option, else by the mapping, else the usual ones."""
    if unknown := sorted(set(given) - set(USUAL)):
        raise UsageError(f"expected columns for {', '.join(USUAL)}, got one for {', '.join(unknown)}")
    chosen: dict[str, Column] = {}
    for name, usual in USUAL.items():
        stated: Column | None = Column(columns=(given[name],)) if name in given else getattr(mapping, name)
        chosen[name] = stated or Column(columns=usual)
    return chosen


def _present(column: Column, values: Mapping[str, Any]) -> Column:
    names = tuple(name for name in column.columns if name.startswith("_") or dig(values, name) is not MISSING)
    return column.model_copy(update={"columns": names})


def _usual(name: str, values: Mapping[str, Any]) -> Column:
    """The usual columns of a field that a row has, or those written otherwise (``PATIENT_ID``, ``patientId``)."""
    plain = {joined(key): key for key in reversed(list(values)) if isinstance(key, str)}
    exact = [usual for usual in USUAL[name] if dig(values, usual) is not MISSING]
    found = [plain[joined(usual)] for usual in USUAL[name] if joined(usual) in plain]
    return Column(columns=tuple(dict.fromkeys(exact or found)))


def joined(name: str) -> str:
    """A column's name in small letters, without what joins its words."""
    return re.sub(r"[\W_]", "", name).lower()


def _first(values: Mapping[str, Any], names: Iterable[str]) -> Any:
    for name in names:
        value = dig(values, name)
        if value is not MISSING and value is not None:
            return value
    return MISSING


def read_column(column: Column, row: SourceRow, path: Path, text: str) -> str | None:
    """The value of the column in a row, as a string; None when it is empty."""
    if column.value is not None:
        return column.value
    if not column.columns:
        return column.default
    found = [value for name in column.columns if (value := _plain(_lookup(name, row, path, text)))]
    if not found:
        return column.default
    value = column.join.join(found) if column.join is not None else found[0]
    if column.pattern is not None:
        match = _compiled(column.pattern).search(value)
        if match is None:
            return column.default
        value = match[1] if match.re.groups and match[1] is not None else match[0]
    value = column.values.get(value, value if not column.values or column.default is None else column.default)
    return digest(value) if column.digest else value


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> TimedPattern:
    return TimedPattern(pattern)


def slow(error: SlowPatternError, mapping: ImportMapping) -> str:
    """What is said of the records on which a pattern of the mapping takes too long."""
    return f"the mapping's {mapping.key_of(error.pattern)}: {error}; passed over"


def _lookup(name: str, row: SourceRow, path: Path, text: str) -> Any:
    value = dig(row.values, name)
    if value is not MISSING or not name.startswith("_"):
        return value
    match name:
        case "_file":
            return path.name
        case "_stem":
            return stem_of(path)
        case "_folder":
            return path.absolute().parent.name
        case "_line":
            return row.where.rpartition(":")[2]
        case "_text":
            return text
        case _:
            return MISSING


def stem_of(path: Path) -> str:
    """A file's name without its ending (and without .gz)."""
    return Path(path.name.removesuffix(".gz")).stem


def _plain(value: Any) -> str | None:
    """A simple value as a string; a whole floating number without its point."""
    if value is MISSING or value is None or isinstance(value, dict | list | tuple | bytes):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    plain = str(value).strip()
    return plain if plain not in NOTHING else None


def _meta(
    values: Mapping[str, Any], names: tuple[str, ...] | None, columns: Mapping[str, Column], *, other: Iterable[str]
) -> dict[str, Any]:
    """The columns to keep as they are: those named, or all simple ones that have no other use."""
    if names is not None:
        found = {name: _storable(dig(values, name)) for name in names}
        return {name: value for name, value in found.items() if value is not None}
    used = {name for column in columns.values() for name in column.columns}.union(other)
    simple = {
        name: _storable(value)
        for name, value in values.items()
        if name not in used and not isinstance(value, dict | list)
    }
    return {name: value for name, value in simple.items() if value is not None}


def _storable(value: Any) -> Any:
    """A value as JSON can hold it; None for nothing and for what is no number."""
    if value is MISSING or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, int) and abs(value) > LARGEST:
        return str(value) if abs(value) < LARGEST**2 else None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return {str(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return None if isinstance(value, bytes) else str(value)


def _no_such_column(expected_columns: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """What was looked for, what there is, and which of that comes nearest."""
    present = [shown(name) for name in list(values)[:30]]
    expected = (
        f"a column {expected_columns[0]}"
        if len(expected_columns) == 1
        else f"a column of text ({', '.join(expected_columns[:5])} ...)"
    )
    message = f"expected {expected}, got the columns {', '.join(present) or '(none)'}"
    if len(expected_columns) == 1 and (near := process.extractOne(expected_columns[0], present, score_cutoff=60)):
        message += f"; did you mean {near[0]}?"
    return message
