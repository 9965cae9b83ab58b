"""Rows from CSV and TSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from curation.sources.draft import Draft
from curation.sources.lines import FileLine, read_lines
from curation.sources.reading import Lost, Problem, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

#: Delimiters that are told apart by counting them in the header.
DELIMITERS = ",;\t|"


def read_csv(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """A draft for each row of a table with a header; the delimiter (comma, semicolon, tab or bar) is detected."""
    return draft_rows(_rows(path, reading), path, reading)


class _Source:
    """The lines that the csv module reads, with the problems met on the way."""

    def __init__(self, lines: Iterator[FileLine | Problem]) -> None:
        self.lines = lines
        self.problems: list[Problem] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            if isinstance(line, Problem):
                self.problems.append(line)
            else:
                self.number = line.number
                yield line.text

    def met(self) -> Iterator[Problem]:
        """The problems since the last call."""
        met, self.problems = self.problems, []
        return iter(met)


def _rows(path: Path, reading: ReadingContext) -> Iterator[SourceRow | Problem]:
    source = _Source(read_lines(path, reading, errors="surrogateescape"))
    lines = iter(source)
    head = next(lines, None)
    yield from source.met()
    if head is None:
        return
    # The limit is the module's own, for the whole process: it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), reading.options.line_limit))
    delimiter = reading.mapping.delimiter or max(DELIMITERS, key=head.count)
    reader = csv.reader(_chain(head, lines), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        first = source.number + (header is not None)
        try:
            cells = next(reader)
        except StopIteration:
            yield from source.met()
            if first <= 2:
                yield Problem(f"{path}:1", "expected rows below the header, got none", Lost.FILE)
            return
        except csv.Error as error:
            yield from source.met()
            yield Problem(f"{path}:{first}", f"expected a row of cells, got a broken one: {error}")
            continue
        yield from source.met()
        if header is None:
            header = [name.strip() for name in cells]
            if len(set(header)) < len(header):
                yield Problem(f"{path}:1", "expected each column once in the header, got one twice", Lost.FILE)
                return
        elif cells:
            yield _row(header, cells, f"{path}:{first}")


def _chain(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from lines


def _row(header: list[str], cells: list[str], where: str) -> SourceRow | Problem:
    if len(cells) != len(header):
        return Problem(where, f"expected {len(header)} cells as in the header, got {len(cells)}")
    return SourceRow(where, {name: cell if cell else None for name, cell in zip(header, cells, strict=True)})
