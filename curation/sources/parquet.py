"""Rows from Parquet files, a batch at a time (needs pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError
from curation.memory_limit import at_most_more
from curation.sources.arrow_rows import bounded_parts, plain_bytes, plain_rows
from curation.sources.class_names import features_in
from curation.sources.draft import Draft
from curation.sources.encodings import open_regular
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

BATCH = 256
#: Bytes that one batch may take while it is unpacked.
MEMORY = 1 << 29
#: So many times its own size may the rows of a file be that are written out, and this much in any case: texts that
#: stand beside each of their annotations are stored once.
PROPORTION, WRITTEN_OUT = 2_000, 1 << 30


def read_parquet(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each row; rows stand for lines in problems."""
    return draft_rows(_rows(path, reading), path, reading)


def _rows(path: Path, reading: ReadingContext) -> Iterator[SourceRow | Problem]:
    try:
        import pyarrow as arrow
    except ImportError as error:
        raise MissingExtraError("pyarrow", "export") from error
    number = 0
    try:
        size = path.stat().st_size
        if size == 0:
            yield Problem(str(path), "expected records, got an empty file", Lost.FILE)
            return
        left = max(WRITTEN_OUT, size * PROPORTION)
        for part, features in _parts(path, reading.options.line_limit):
            taken = plain_bytes(part)
            left -= taken
            if left < 0:
                what = (
                    f"expected rows of at most {PROPORTION} times the file's size, got more; {number} records came in"
                )
                yield Problem(str(path), what, Lost.FILE)
                return
            if taken > reading.options.line_limit:  # a single row: parts of several are smaller
                number += 1
                what = f"expected at most {reading.options.line_limit} bytes in a row, got more: passed over"
                yield Problem(f"{path}:{number}", what)
                continue
            for values in plain_rows(part, features, str(path), number + 1, reading.tally):
                number += 1
                yield SourceRow(f"{path}:{number}", values)
    except MemoryError:
        what = f"expected rows that take at most {MEMORY} bytes when unpacked, got more; {number} records came in"
        yield Problem(str(path), what, Lost.FILE)
    except (OSError, arrow.ArrowException, UnicodeDecodeError) as error:
        what = f"expected a Parquet file, got another or a broken one: {cause(error)}; {number} records came in"
        yield Problem(str(path), what, Lost.FILE)


def _parts(path: Path, limit: int) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The rows in parts that may be made plain at once, with the features that name their classes.

    Where a batch takes too much memory, rows are read one by one from there on. Raises MemoryError where one row does.
    """
    done = 0
    try:
        for batch, features in _batches(path, BATCH):
            yield from ((part, features) for part in bounded_parts(batch, limit))
            done += batch.num_rows
    except MemoryError:
        for row, features in islice(_batches(path, 1), done, None):
            yield row, features


def _batches(path: Path, rows: int) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Batches of so many rows. What stands once in a column of strings and many rows point to is held once."""
    import pyarrow.parquet as parquet

    with open_regular(path) as opened:
        with at_most_more(MEMORY):
            strings = _strings(parquet.read_metadata(opened).schema)
            file = parquet.ParquetFile(opened, read_dictionary=strings)
        features = features_in(file.schema_arrow.metadata)
        batches = file.iter_batches(batch_size=rows, use_threads=False)
        while True:
            with at_most_more(MEMORY):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch, features


def _strings(schema: Any) -> list[str]:
    """The columns of strings. Those inside of others cannot be read as pointers to what stands once."""
    columns = [schema.column(number) for number in range(len(schema))]
    return [
        column.path
        for column in columns
        if column.physical_type == "BYTE_ARRAY"
        and column.logical_type.type in {"STRING", "NONE", "JSON", "ENUM"}
        and column.path == column.name
        and not column.max_repetition_level
    ]
