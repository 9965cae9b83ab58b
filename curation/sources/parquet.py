"""Rows from Parquet files, a batch at a time (needs pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation.errors import MissingExtraError
from curation.sources.arrow_rows import plain_rows
from curation.sources.class_names import features_in
from curation.sources.draft import Draft
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

BATCH = 256


def read_parquet(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each row; rows stand for lines in problems."""
    return draft_rows(_rows(path, reading), path, reading)


def _rows(path: Path, reading: ReadingContext) -> Iterator[SourceRow | Problem]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "export") from error
    number = 0
    try:
        if path.stat().st_size == 0:
            yield Problem(str(path), "expected records, got an empty file", Lost.FILE)
            return
        with parquet.ParquetFile(path, memory_map=False) as file:
            features = features_in(file.schema_arrow.metadata)
            for batch in file.iter_batches(batch_size=BATCH):
                for values in plain_rows(batch, features, str(path), number + 1, reading.tally):
                    number += 1
                    yield SourceRow(f"{path}:{number}", values)
    except (OSError, arrow.ArrowException, UnicodeDecodeError) as error:
        what = f"expected a Parquet file, got another or a broken one: {cause(error)}; {number} records came in"
        yield Problem(str(path), what, Lost.FILE)
