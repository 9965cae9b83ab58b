"""The encoding of a text file: as stated, or as a byte order mark says; what is likely is offered, never taken."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import shlex
import stat
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from curation.errors import UsageError
from curation.sources.reading import UTF8, Lost, Notice, Problem, ReadingContext

#: Byte order marks of encodings in which a line feed is more than one byte; the longer ones first.
WIDE_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WIDE = re.compile(r"utf[-_]?(?:16|32)", re.IGNORECASE)
#: Encodings of one byte a letter that reports in Western languages are in.
LIKELY = ("cp1252", "cp850", "mac_roman")
#: The controls for which ISO 8859 has codes, and nobody letters.
CONTROLS = re.compile(rb"[\x80-\x9f]")
SEVERAL_BYTES = re.compile("[\x80-\U0010ffff]")
#: Reports become five to ten times smaller with gzip; what becomes so many times larger is made to fill a machine.
PROPORTION = 200
#: Bytes that any compressed file may hold.
UNPACKED = 1 << 26
#: Bytes at the beginning of a file that are looked at.
HEAD = 1 << 16


def check_name(encoding: str) -> None:
    """Raises UsageError when Python has no such encoding of text."""
    try:
        "a".encode(encoding)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"expected an encoding of text such as utf-8, cp1252, latin-1 or utf-16, got {encoding}"
        ) from error


def open_binary(path: Path, wide: str | None = None) -> IO[bytes]:
    """The file's bytes; those inside, when it is compressed with gzip; as UTF-8, when it is in a wide encoding.

    Raises OSError where it is no regular file; reading does where compressed bytes become too many.
    """
    plain = open_regular(path)
    if path.suffix == ".gz":
        plain = cast("IO[bytes]", io.BufferedReader(_Unpacked(plain, path.stat().st_size)))
    return plain if wide is None else cast("IO[bytes]", io.BufferedReader(_AsUtf8(plain, wide)))


def open_regular(path: Path) -> IO[bytes]:
    """A regular file, opened for reading. Raises OSError for a pipe, which is not waited for, and all else."""
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError("expected a regular file, got something else")
    return os.fdopen(opened, "rb")


class _Unpacked(io.RawIOBase):
    """The bytes inside a file of gzip, as long as they are not out of all proportion to it."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.packed = file
        self.file = gzip.GzipFile(fileobj=file)
        self.left = max(UNPACKED, size * PROPORTION)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self.file.read1(len(buffer))
        self.left -= len(content)
        if self.left < 0:
            raise OSError(f"expected compressed text, got more than {PROPORTION} times its size when unpacked")
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self.file.close()
        self.packed.close()
        super().close()


class _AsUtf8(io.RawIOBase):
    """A file in UTF-16 or UTF-32 as bytes of UTF-8; broken parts become bytes that are no UTF-8."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self.file = file
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self.ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self.ready:
            content = self.file.read(HEAD)
            try:
                self.ready = self.decoder.decode(content, final=not content).encode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                self.ready = b"\xff"
                self.decoder.reset()
                if not content:
                    break
            if not content:
                break
        part, self.ready = self.ready[: len(buffer)], self.ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self.file.close()
        super().close()


def settle_encoding(path: Path, reading: ReadingContext) -> tuple[ReadingContext, Notice | Problem | None]:
    """How to read this file, and what to say of it: a byte order mark beats what was stated; what the first bytes
    show not to be the stated encoding is a problem.
    """
    head = _head(path)
    reading = replace(reading, wide=None)  # of this file: the one beside it may be in another encoding
    stated = reading.stated_encoding
    mark = next((name for start, name in WIDE_MARKS.items() if head.startswith(start)), None)
    if mark is not None:
        return replace(reading, wide=mark), Notice(str(path), f"read as {mark.upper()}, as its byte order mark says")
    if WIDE.match(stated):
        return _stated_wide(path, head, reading)
    if wide := _wide_without_mark(head):
        return reading, Problem(
            str(path), f"expected {stated}, got likely {wide}{_offer(path, wide, reading)}", Lost.FILE
        )
    if reading.encoding != UTF8 and _is_utf8(head):
        return reading, Problem(str(path), f"expected {stated}, got UTF-8{_offer(path, 'utf-8', reading)}", Lost.FILE)
    if codecs.lookup(stated).name == "iso8859-1" and CONTROLS.search(head):
        return reading, Problem(
            str(path), f"expected {stated}, got likely cp1252{_offer(path, 'cp1252', reading)}", Lost.FILE
        )
    return reading, None


def _stated_wide(path: Path, head: bytes, reading: ReadingContext) -> tuple[ReadingContext, Notice | None]:
    """A file without a mark in UTF-16 or UTF-32, as was stated; UTF-8 where it is that."""
    stated = reading.stated_encoding
    if head and 0 not in head and (head.isascii() or _is_utf8(head)):
        as_utf8 = replace(reading, options=replace(reading.options, encoding="utf-8"))
        return as_utf8, Notice(str(path), f"read as UTF-8, since it is not {stated}")
    if codecs.lookup(stated).name in {"utf-16", "utf-32"}:  # the mark would have told the order of the bytes
        stated = _wide_without_mark(head) or f"{stated}-le"
    return replace(reading, wide=stated), None


def not_in_encoding(path: Path, reading: ReadingContext, byte: int, *, offer: bool = True) -> str:
    """What to say of bytes that the encoding does not have, and which one is likely."""
    said = f"expected {reading.stated_encoding}, got other bytes at byte {byte}"
    likely = likely_encoding(_head(path)) if offer and reading.encoding == UTF8 else None
    return f"{said}, likely {likely}{_offer(path, likely, reading)}" if likely else said


def likely_encoding(content: bytes) -> str | None:
    """The encoding that these bytes are likely in; None when they are UTF-8 with a few broken ones, or unknown."""
    from charset_normalizer import from_bytes

    whole = content.decode("utf-8", "ignore")
    if len(SEVERAL_BYTES.findall(whole)) > len(content) - len(whole.encode()):
        return None
    found = from_bytes(content, cp_isolation=list(LIKELY))
    return next((name for name in LIKELY if any(name == match.encoding for match in found)), None)


def _offer(path: Path, encoding: str, reading: ReadingContext) -> str:
    return f", which is read by: curate import {shlex.quote(str(path))} --encoding {encoding}{reading.options.again}"


def _head(path: Path) -> bytes:
    """The first bytes; none when the file cannot be read, which reading will say."""
    try:
        with open_binary(path) as file:
            return file.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return b""


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 that has no mark: of Western text, every other byte is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    if max(even, odd) < 0.4 * half or min(even, odd) > 0.05 * half or half < 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(head: bytes) -> bool:
    """Whether there are letters of several bytes, and all of them are UTF-8 (the last one may be cut off)."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return SEVERAL_BYTES.search(text) is not None
