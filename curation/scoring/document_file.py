"""What each document added to the figures of an evaluation, as a file: by it, two evaluations are compared document by
document. It holds digests of ids and counts, no text and no id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from curation.errors import SourceError
from curation.record import Record, text_digest
from curation.scoring.entities import BY_DOCUMENT, DOCUMENTS, UNPLACED
from curation.scoring.tally import DocumentCounts, Key

DOCUMENTS_FILE = "documents.jsonl"
#: Tables that no comparison reads.
LEFT_OUT = frozenset({DOCUMENTS[0], UNPLACED[0]})
#: Hexadecimal digits of a digest.
LENGTH = 24


class CountedDocument(NamedTuple):
    """A document by the digest of its id, the digest of its group, its language, and what it adds to the figures."""

    document: str
    group: str
    language: str
    counts: DocumentCounts


def counted_document(record: Record, counts: DocumentCounts) -> CountedDocument:
    """A record's document, with what comparisons read."""
    counted = {
        key: values
        for key, values in counts.items()
        if any(values) and key[0] not in LEFT_OUT and not key[0].startswith(BY_DOCUMENT)
    }
    document, group = (text_digest(name, length=LENGTH) for name in (record.id, record.group))
    return CountedDocument(document, group, record.language, counted)


def document_line(record: Record, counts: DocumentCounts) -> str:
    """A document as one line of the file."""
    document, group, language, counted = counted_document(record, counts)
    tables: dict[str, dict[str, tuple[float, ...]]] = {}
    for (table, row), values in counted.items():
        tables.setdefault(table, {})[row] = values
    found = {"document": document, "group": group, "language": language, "counts": tables}
    return json.dumps(found, separators=(",", ":"))


def read_documents(path: Path) -> Iterator[CountedDocument]:
    """The documents of a file. Raises SourceError where it is not there or is none of these files."""
    with _readable(path), path.open("rb") as stream:
        for line in stream:
            yield _document(line)


class DocumentIndex:
    """The documents of a file by the digests of their ids; of each only its offset stays in memory.

    Raises SourceError as `read_documents`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: dict[str, int] = {}
        offset = 0
        with _readable(path), path.open("rb") as stream:
            for line in stream:
                self._offsets[_document(line).document] = offset
                offset += len(line)

    def __len__(self) -> int:
        return len(self._offsets)

    def documents(self, wanted: Iterable[CountedDocument]) -> Iterator[tuple[CountedDocument | None, CountedDocument]]:
        """For each of some documents, the same one here, or None, and itself."""
        with _readable(self._path), self._path.open("rb") as stream:
            for document in wanted:
                offset = self._offsets.get(document.document)
                if offset is None:
                    yield None, document
                else:
                    stream.seek(offset)
                    yield _document(stream.readline()), document


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"expected the documents of an evaluation at {path}, they cannot be read ({type(error).__name__}); "
            "curate evaluate writes them"
        ) from error


def _document(line: bytes) -> CountedDocument:
    read = json.loads(line)
    counts: dict[Key, tuple[float, ...]] = {
        (table, row): tuple(float(value) for value in values)
        for table, rows in read["counts"].items()
        for row, values in rows.items()
    }
    return CountedDocument(str(read["document"]), str(read["group"]), str(read["language"]), counts)
