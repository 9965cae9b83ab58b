"""Names and texts as they may be shown: characters that a reader does not see, and that a terminal obeys, escaped."""

from __future__ import annotations

import re

#: Sequences of emoji that hold invisible characters and are one sign: joined emoji, flags of regions, keycaps.
_PICTURE = "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_EMOJI = (
    f"{_PICTURE}[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
    f"(?:\u200d{_PICTURE}[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?)*"
    "(?:[\U000e0020-\U000e007e]+\U000e007f)?"
    "|[0-9#*][\ufe0e\ufe0f]\u20e3?"
)

#: Controls (C0, C1, DEL), line and paragraph separators, what turns the direction of writing, what has no width, tags,
#: variation selectors, fillers, and halves of characters, which no output takes.
_UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ONE_LINE = re.compile(f"({_EMOJI})|{_UNSEEN}")
_LINES = re.compile(f"({_EMOJI})|(?![\n\t]){_UNSEEN}")
_ASCII_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """The text on one line: `\\x1b`, `\\u202e`, `\\n` in place of each character that cannot be seen.

    Letters of every script, composed or not, and emoji stay as they are.
    """
    return _ONE_LINE.sub(_shown, text)


def printable_lines(text: str) -> str:
    """A text of several lines, whose line feeds and tabs stay; all else as `printable`."""
    return _LINES.sub(_shown, text.replace("\r\n", "\n"))


def printable_json(written: str) -> str:
    """JSON that says the same and holds no character that a terminal obeys: `\\u001b`, `\\u202e`."""
    if written.isascii() and not _ASCII_CONTROL.search(written):
        return written  # as most is, however long: this search takes a fifth of the time
    return _LINES.sub(lambda found: found[1] or "".join(map(_json_unit, _units(found[0]))), written)


def _shown(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    code = ord(found[0])
    if found[0] in _SHORT:
        return _SHORT[found[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _units(character: str) -> list[int]:
    """The UTF-16 units of a character, by which JSON escapes it."""
    coded = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(coded[at : at + 2], "big") for at in range(0, len(coded), 2)]


def _json_unit(unit: int) -> str:
    return f"\\u{unit:04x}"
