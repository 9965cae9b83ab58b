"""Rows from CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from curation.sources.draft import Draft
from curation.sources.encodings import not_in_encoding
from curation.sources.lines import FileLine, read_lines
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

#: Delimiters that are told apart by the first rows.
DELIMITERS = ",;\t|"
#: Lines that tell the delimiter.
SAMPLED = 20
#: Lines of one row; a quote that is open for longer was never closed.
MOST_LINES = 10_000
#: A first line by which Excel names the delimiter.
NAMED_DELIMITER = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
#: Between a carriage return and what follows it, unless that is a line feed.
CARRIAGE_RETURN = re.compile(r"(?<=\r)(?=[^\n])")
#: Bytes that the encoding does not have, as they pass to the csv module.
ESCAPED = re.compile("[\udc80-\udcff]")


def read_csv(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each row of a table with a header; the delimiter (comma, semicolon, tab or bar) is detected."""
    return draft_rows(_CsvFile(path, reading).rows(), path, reading)


class _UnclosedQuoteError(Exception):
    """A quote that has been open for too many lines."""


class _CsvFile:
    """The rows of a file, of which the csv module gets the lines, with the problems met on the way."""

    def __init__(self, path: Path, reading: ReadingContext) -> None:
        self.path, self.reading = path, reading
        self.lines = self._lines()
        self.again: deque[FileLine] = deque()  #: lines that were taken for the rest of a row, and are rows
        self.taken: list[FileLine] = []  #: the lines of the row that is being read
        self.problems: list[Problem] = []
        self.offered = False

    def rows(self) -> Iterator[SourceRow | Problem]:
        # The limit is the module's own, for the whole process: it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), self.reading.options.line_limit))
        delimiter = self._delimiter()
        header: list[str] | None = None
        reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)
        found = 0
        while True:
            self.taken = []
            try:
                cells = next(reader)
            except StopIteration:
                yield from self._met()
                if header is not None and not found:
                    yield Problem(f"{self.path}:1", "expected rows below the header, got none", Lost.FILE)
                return
            except (csv.Error, _UnclosedQuoteError) as error:
                found += 1
                yield from self._met()
                yield self._broken(error, header, delimiter)
                reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)
                continue
            yield from self._met()
            if not any(cell.strip() for cell in cells):
                continue  # an empty line, or a row of empty cells as Excel leaves them
            if header is None:
                header = _header(cells)
                if len(set(header)) < len(header):
                    what = "expected each column once in the header, got one twice"
                    yield Problem(f"{self.path}:1", what, Lost.FILE)
                    return
            else:
                found += 1
                yield self._row(header, cells)

    def _delimiter(self) -> str:
        """The delimiter: by the mapping, by a first line that names it, or by the first rows."""
        first = list(islice((line for line in self._lines() if isinstance(line, FileLine)), SAMPLED))
        named = NAMED_DELIMITER.fullmatch(first[0].text) if first else None
        if named:
            next(self.lines)
        return self.reading.mapping.delimiter or (named[1] if named else _likely_delimiter(first))

    def _lines(self) -> Iterator[FileLine | Problem]:
        """The lines of the file, which old Macintosh programs part by carriage returns alone."""
        returns = False
        for line in read_lines(self.path, self.reading, errors="surrogateescape"):
            if isinstance(line, Problem) or not (returns or line.number == 1):
                yield line
                continue
            pieces = CARRIAGE_RETURN.split(line.text)
            returns = len(pieces) > 1 and '"' not in pieces[0]
            yield from (
                FileLine(number, piece) for number, piece in enumerate(pieces if returns else [line.text], line.number)
            )

    def _feed(self) -> Iterator[str]:
        while True:
            line = self.again.popleft() if self.again else next(self.lines, None)
            if line is None:
                return
            if isinstance(line, Problem):
                self.problems.append(line)
                continue
            self.taken.append(line)
            if len(self.taken) > MOST_LINES:
                raise _UnclosedQuoteError(f"a quote is open for more than {MOST_LINES} lines")
            yield line.text

    def _met(self) -> Iterator[Problem]:
        """The problems since the last call."""
        met, self.problems = self.problems, []
        return iter(met)

    def _where(self) -> str:
        return f"{self.path}:{self.taken[0].number if self.taken else 1}"

    def _broken(self, error: Exception, header: list[str] | None, delimiter: str) -> Problem:
        """What is wrong with a row. Lines after its first that are rows by themselves are read again as such."""
        where, further = self._where(), self.taken[1:]
        if header is not None and further and all(_is_row(line.text, len(header), delimiter) for line in further):
            self.again.extendleft(reversed(further))
            further = []
        rest = f"; the {len(further)} lines after it are part of it" if further else ""
        return Problem(where, f"expected a row of cells, got a broken one: {error}{rest}")

    def _row(self, header: list[str], cells: list[str]) -> SourceRow | Problem:
        where, named = self._where(), len(header)
        while named and header[named - 1].startswith(UNNAMED):
            named -= 1
        if len(cells) < named or any(cells[len(header) :]):
            return Problem(where, f"expected {named} cells as in the header, got {len(cells)}")
        if any(map(ESCAPED.search, cells)):
            line = next(line for line in self.taken if ESCAPED.search(line.text))
            byte = len(line.text[: ESCAPED.search(line.text).start()].encode(errors="surrogateescape"))  # type: ignore[union-attr]
            offer, self.offered = not self.offered, True
            return Problem(f"{self.path}:{line.number}", not_in_encoding(self.path, self.reading, byte, offer=offer))
        return SourceRow(where, {name: cell or None for name, cell in zip(header, cells, strict=False)})


#: How columns without a name are called, before their number.
UNNAMED = "column "


def _header(cells: list[str]) -> list[str]:
    """The names of the columns; those without one by their number."""
    return [name.strip() or f"{UNNAMED}{number}" for number, name in enumerate(cells, start=1)]


def _likely_delimiter(lines: list[FileLine]) -> str:
    """The delimiter by which most of the first rows have as many cells as the header, and the most of them."""

    def agreement(delimiter: str) -> tuple[int, int]:
        header, *rows = _cells([line.text for line in lines], delimiter) or [[]]
        width = len(header)
        return (sum(len(row) == width for row in rows) if width > 1 else -1, width)

    return max(DELIMITERS, key=agreement)


def _cells(lines: list[str], delimiter: str) -> list[list[str]]:
    """The rows of some lines; none where the csv module cannot tell."""
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


def _is_row(line: str, width: int, delimiter: str) -> bool:
    """Whether a line has by itself as many cells as the header, or is empty."""
    try:
        return all(len(row) == width for row in csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return False
