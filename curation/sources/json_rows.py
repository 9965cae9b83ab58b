"""Rows from JSON: one object a line, or an array, an object around an array, objects one after another."""

from __future__ import annotations

import codecs
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NoReturn

from curation.sources.draft import Draft
from curation.sources.encodings import not_in_encoding, open_binary
from curation.sources.lines import CHUNK, FileLine, cause, read_lines
from curation.sources.paths import dig
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, columns_of, draft_rows

SPACE = re.compile(r"[ \t\r\n]*")
#: How near to the end of what was read an error must be to mean "not read far enough".
TAIL = 16


def read_jsonl(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each line that holds a JSON object."""
    return draft_rows(_line_rows(path, reading), path, reading)


def read_json(path: Path, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each object of a JSON file."""
    return draft_rows(_JsonFile(path, reading).rows(), path, reading)


def _line_rows(path: Path, reading: ReadingContext) -> Iterator[SourceRow | Problem]:
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield line
        elif line.text.strip():
            yield _line_row(line, f"{path}:{line.number}")


def _line_row(line: FileLine, where: str) -> SourceRow | Problem:
    try:
        value = DECODER.decode(line.text)
    except (ValueError, RecursionError) as error:
        return Problem(where, f"expected a JSON object, got {_complaint(error)}")
    return _row(value, where)


def _row(value: Any, where: str) -> SourceRow | Problem:
    if not isinstance(value, dict):
        return Problem(where, f"expected a JSON object, got {_kind(value)}")
    if isinstance(value, _DoubledKeys):
        return Problem(where, "expected each key of an object once, got one again with another value")
    return SourceRow(where, value)


def _kind(value: Any) -> str:
    return {list: "an array", str: "a string", type(None): "null", bool: "a truth value"}.get(type(value), "a number")


def _complaint(error: Exception) -> str:
    """What is wrong with the JSON, without any of its content."""
    if isinstance(error, json.JSONDecodeError):
        return f"something else: {error.msg} at character {error.pos + 1}"
    return "one nested too deep" if isinstance(error, RecursionError) else "a number that is too long"


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON; they are read as nothing."""


class _DoubledKeys(dict[str, Any]):
    """An object of which a key stood twice with different values."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs; marked where its last value of a key is not the only one, or where one inside is."""
    found = dict(pairs)
    if len(found) != len(pairs) and any(found[key] != value for key, value in pairs):
        return _DoubledKeys(found)
    for value in found.values():
        if type(value) is _DoubledKeys or (type(value) is list and any(type(item) is _DoubledKeys for item in value)):
            return _DoubledKeys(found)
    return found


DECODER = json.JSONDecoder(parse_constant=_no_number, object_pairs_hook=_once)


class _Unreadable(Exception):  # noqa: N818 - it carries a problem, it is not an error of the program
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _JsonFile:
    """A JSON file read from front to back; never more of it in memory than one item and a chunk."""

    def __init__(self, path: Path, reading: ReadingContext) -> None:
        self.path = path
        self.reading, self.options = reading, reading.options
        self.text_columns = columns_of(reading.mapping, reading.options.columns)["text"].columns
        self.rows_path = reading.mapping.rows
        self.file: IO[bytes] = io.BytesIO()
        self.decoder = codecs.getincrementaldecoder(reading.encoding)()
        self.buffer = ""
        self.at = 0
        self.line = 1
        self.ended = self.broken = False
        self.decoded = self.broken_at = 0  # bytes
        self.depth = 0
        self.items = 0

    def rows(self) -> Iterator[SourceRow | Problem]:
        try:
            with open_binary(self.path, self.reading.wide) as self.file:
                yield from self._top()
        except _Unreadable as unreadable:
            yield unreadable.problem
        except (OSError, EOFError, zlib.error) as error:
            yield Problem(str(self.path), f"cannot be read: {cause(error)}", Lost.FILE)

    def _top(self) -> Iterator[SourceRow | Problem]:
        self._read_more()
        if not self._peek():
            raise _Unreadable(Problem(str(self.path), "expected records, got an empty file", Lost.FILE))
        while first := self._peek():
            if first == "[":
                yield from self._array()
            elif first == "{":
                yield from self._object()
            else:
                self._fail("expected a JSON array or object, got something else")

    def _array(self) -> Iterator[SourceRow | Problem]:
        """The items of an array, one by one; ends after its bracket."""
        self._step()
        self.depth += 1
        while (first := self._peek()) != "]":
            if first == ",":
                self._step()
                continue
            where = self._where()
            yield _row(self._value(), where)
            self.items += 1
            if self._peek() not in {",", "]"}:
                self._fail("broken JSON: expected , or ] after an item")
        self.depth -= 1
        self._step()

    def _object(self) -> Iterator[SourceRow | Problem]:
        """The records in an object: those of its one list, those that are its values, or itself."""
        value = self._ahead()
        if value is None:
            yield from self._members(self.rows_path)
            return
        if self.rows_path is not None and "." in self.rows_path:
            yield from self._deep(value, self.rows_path)
        elif self.rows_path is not None or (value and all(isinstance(inner, dict) for inner in value.values())):
            yield from self._members(self.rows_path)
        elif key := _only_list(value, self.text_columns):
            yield from self._members(key)
        else:
            where = self._where()
            yield _row(self._value(), where)
            self.items += 1

    def _ahead(self) -> dict[str, Any] | None:
        """The object that starts here, without moving on; None when it is larger than the limit."""
        while True:
            try:
                value: dict[str, Any] = DECODER.raw_decode(self.buffer, self.at)[0]
                return value
            except json.JSONDecodeError as error:
                if self.ended or not self._is_cut(error) or len(self.buffer) - self.at > self.options.line_limit:
                    return None  # read member by member, so that what is good comes in
                self._read_more(len(self.buffer) - self.at)
            except (ValueError, RecursionError) as error:
                self._fail(f"broken JSON: {_complaint(error)}")

    def _deep(self, value: dict[str, Any], path: str) -> Iterator[SourceRow | Problem]:
        """The records of a list further inside, with their numbers in place of lines."""
        rows = dig(value, path)
        if isinstance(rows, list):
            yield from (_row(item, f"{self.path}:{number}") for number, item in enumerate(rows, start=1))
        else:
            yield Problem(self._where(), f"expected a list of records at {path}, got none", Lost.FILE)
        self._value()

    def _members(self, name: str | None) -> Iterator[SourceRow | Problem]:
        """The records in an object, member by member: those of the list of that name, or of every list and table."""
        opened, found = self._where(), False
        self.depth += 1
        self._step()
        while (first := self._peek()) != "}":
            if first == ",":
                self._step()
                continue
            key = self._key()
            if self._peek() == "[" and name in {None, key}:
                found = True
                yield from self._array()
                continue
            where, value = self._where(), self._value()
            if isinstance(value, dict) and name is None:
                found = True
                row = _row(value, where)
                yield replace(row, values={"id": key, **value}) if isinstance(row, SourceRow) else row
                self.items += 1
        self.depth -= 1
        self._step()
        if not found:
            yield Problem(opened, f"expected a list of records{f' at {name}' if name else ''}, got none", Lost.FILE)

    def _key(self) -> str:
        key = self._value()
        if not isinstance(key, str) or self._peek() != ":":
            self._fail("expected a key and a colon in an object")
        self._step()
        return str(key)

    def _value(self) -> Any:
        """The JSON value that starts here."""
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                if self.ended:
                    self._fail(f"the JSON ends in the middle or is broken: {error.msg}")
                if not self._is_cut(error):
                    self._fail(f"broken JSON: {error.msg}")
                if len(self.buffer) - self.at > self.options.line_limit:
                    self._fail(f"expected at most {self.options.line_limit} characters in an item, got more")
                self._read_more(len(self.buffer) - self.at)
                continue
            except (ValueError, RecursionError) as error:
                self._fail(f"broken JSON: {_complaint(error)}")
            if end == len(self.buffer) and not self.ended:
                self._read_more()  # a number may go on
                continue
            self._move(end)
            return value

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self.buffer) - TAIL

    def _peek(self) -> str:
        """The next character that is not white space; nothing at the end of the file."""
        while True:
            match = SPACE.match(self.buffer, self.at)
            self._move(match.end() if match else self.at)
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if self.broken or (self.ended and self.depth):
                self._fail("the JSON ends in the middle")
            if self.ended:
                return ""
            self._read_more()

    def _step(self) -> None:
        self._move(self.at + 1)

    def _move(self, to: int) -> None:
        self.line += self.buffer.count("\n", self.at, to)
        self.at = to

    def _read_more(self, size: int = 0) -> None:
        """Takes in at least a chunk, and drops what is behind. Broken bytes end the file there."""
        content = self.file.read(max(size, CHUNK))
        self.ended = not content
        try:
            text = self.decoder.decode(content, final=self.ended)
        except UnicodeDecodeError as error:
            self.ended, self.broken, self.broken_at = True, True, self.decoded + error.start
            text = error.object[: error.start].decode(self.reading.encoding)
        self.buffer, self.at = self.buffer[self.at :] + text, 0
        self.decoded += len(content)

    def _where(self) -> str:
        return f"{self.path}:{self.line}"

    def _so_far(self) -> str:
        return f"{self.items} records before it came in"

    def _fail(self, what: str) -> NoReturn:
        if self.broken:
            what = not_in_encoding(self.path, self.reading, self.broken_at)
        raise _Unreadable(Problem(self._where(), f"{what}; {self._so_far()}", Lost.FILE))


def _only_list(value: dict[str, Any], text_columns: tuple[str, ...]) -> str | None:
    """The name of the one list of objects in an object that has no text of its own."""
    if any(isinstance(dig(value, name), str) for name in text_columns):
        return None
    lists = [key for key, inner in value.items() if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
    return lists[0] if len(lists) == 1 else None
