"""Lines of a file, one at a time, never more than the limit in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from curation.sources.encodings import not_in_encoding, open_binary
from curation.sources.reading import Lost, Problem, ReadingContext

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file with its number (from 1) and its line end."""

    number: int
    text: str


def read_lines(path: Path, reading: ReadingContext, *, errors: str = "strict") -> Iterator[FileLine | Problem]:
    """Each line of a text file; a problem for each that is broken or over the limit, and for an empty file.

    Lines end at a line feed alone: a record's text may hold any other separator. With
    ``errors="surrogateescape"`` broken bytes pass, marked, for the caller to refuse by record.
    """
    try:
        with open_binary(path, reading.wide) as file:
            yield from _decoded(_bounded(file, reading.options.line_limit), path, reading, errors)
    except (OSError, EOFError, zlib.error) as error:
        yield Problem(str(path), f"cannot be read: {cause(error)}", Lost.FILE)


def _bounded(file: IO[bytes], limit: int) -> Iterator[bytes | None]:
    """The lines as bytes; None for one that is over the limit, which is passed over without being held."""
    while line := file.readline(limit + 1):
        if len(line) <= limit or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(CHUNK)) and not rest.endswith(b"\n"):
            pass
        yield None


def _decoded(
    lines: Iterator[bytes | None], path: Path, reading: ReadingContext, errors: str
) -> Iterator[FileLine | Problem]:
    number, offered = 0, False
    for number, line in enumerate(lines, start=1):
        if line is None:
            limit = reading.options.line_limit
            yield Problem(f"{path}:{number}", f"expected at most {limit} bytes in a line, got more: passed over")
            continue
        encoding = reading.encoding if number == 1 else reading.encoding.removesuffix("-sig")
        try:
            yield FileLine(number, line.decode(encoding, errors))
        except UnicodeDecodeError as error:
            yield Problem(f"{path}:{number}", not_in_encoding(path, reading, error.start, offer=not offered))
            offered = True
    if number == 0:
        yield Problem(str(path), "expected records, got an empty file", Lost.FILE)


def read_whole(path: Path, reading: ReadingContext) -> str | Problem:
    """A whole text file, its line ends untouched; or why not."""
    limit = reading.options.line_limit
    try:
        with open_binary(path, reading.wide) as file:
            content = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        return Problem(str(path), f"cannot be read: {cause(error)}", Lost.FILE)
    if len(content) > limit:
        return Problem(str(path), f"expected at most {limit} bytes in a text, got more", Lost.FILE)
    try:
        return content.decode(reading.encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(f"{path}:{line}", not_in_encoding(path, reading, error.start), Lost.FILE)


def cause(error: BaseException) -> str:
    """An error's reason in one line, without the file's name."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split())[:200] or type(error).__name__
