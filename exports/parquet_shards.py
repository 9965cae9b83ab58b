"""Rows as Parquet files of a bounded size, written as they come: the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from curation.errors import MissingExtraError
from curation.private_files import made_private

#: Rows that are held before they are written: what a file knows of each such group stays in memory until its end.
ROWS = 500


class ParquetShards:
    """The files of one split, called `SPLIT-00000-of-00002.parquet` once all are there."""

    def __init__(self, folder: Path, split: str, schema: Any, *, megabytes: int) -> None:
        self.folder, self.split, self.schema = made_private(folder), split, schema
        self.limit = megabytes << 20
        self.held: list[Mapping[str, Any]] = []
        self.files: list[Path] = []
        self._file: IO[bytes] | None = None
        self._writer: Any = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes one row."""
        self.held.append(row)
        if len(self.held) >= ROWS:
            self._flush()

    def close(self) -> list[Path]:
        """The files by their last names; one without rows where there were none."""
        if self.held or not self.files:
            self._flush()
        self._end_file()
        count = len(self.files)
        return [
            path.rename(self.folder / f"{self.split}-{number:05d}-of-{count:05d}.parquet")
            for number, path in enumerate(self.files)
        ]

    def _flush(self) -> None:
        import pyarrow as arrow

        if self._writer is None:
            self._begin_file()
        assert self._file is not None
        self._writer.write_table(arrow.Table.from_pylist(self.held, schema=self.schema))
        self.held = []
        if self._file.tell() >= self.limit:
            self._end_file()

    def _begin_file(self) -> None:
        import pyarrow.parquet as parquet

        path = self.folder / f"{self.split}-{len(self.files):05d}.parquet"
        self._file = path.open("wb")
        self._writer = parquet.ParquetWriter(self._file, self.schema)
        self.files.append(path)

    def _end_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def require_pyarrow() -> None:
    """Raises MissingExtraError where Parquet cannot be written."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("pyarrow", "export") from error
