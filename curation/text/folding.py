"""A text with its typography folded away, and the way back to the original's code points.

Case, white space, composed and decomposed letters, ligatures, full-width forms, dashes, quotes,
soft hyphens and accents fold to one form; umlauts fold to the form that is written out (ä, ae).
Unicode: NFKD and full case folding (Unicode Standard Annex 15; section 3.13).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

Span = tuple[int, int]

#: A code point with the marks that belong to it; what is invisible (soft hyphens, zero-width signs) is apart.
LETTER = regex.compile(r"(?P<invisible>\p{Cf}+)|.\p{M}*", regex.DOTALL)
#: The same invisible signs, for a quick look.
INVISIBLE = regex.compile(r"\p{Cf}")
DIAERESIS = "\u0308"
UMLAUT_BASES = frozenset("aou")
TYPOGRAPHY = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys(
        "'\"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u2032\u2033\uff07\uff02",
        "'",
    ),
    "\u00d7": "x",
    "\u00b7": ".",  # the raised decimal point of some journals
    "\u2219": ".",
    "\u2044": "/",
}
#: A stretch of ASCII without two blanks in a row or at an end: each character folds to one.
PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
ASCII_FORMS = str.maketrans({'"': "'", "`": "'", **dict.fromkeys("\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f", " ")})


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for each of its characters, where the letter behind it starts and ends.

    A letter is a base character with its combining marks; a run of white space counts as one.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original(self, start: int, end: int) -> Span | None:
        """The original's span of a folded one; None when it would cut a letter in two."""
        if start and self.starts[start - 1] == self.starts[start]:
            return None
        if end < len(self.starts) and self.starts[end] == self.starts[end - 1]:
            return None
        return self.starts[start], self.ends[end - 1]

    def widened(self, start: int, end: int) -> Span:
        """The original's span of a folded one, with the whole of each letter that it touches."""
        return self.starts[start], self.ends[end - 1] if start < end else self.starts[start]

    def folded(self, start: int, end: int) -> Span:
        """The folded span of an original's."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


def lower_case(text: str) -> str:
    """The text in lower case with every character at its offset: the few letters that would become two stay (İ)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(map(_lower_letter, text))


def composed(text: str) -> str:
    """The text without case and invisible signs, in one Unicode form (NFKC), for comparing words; offsets are lost."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold()


@lru_cache(maxsize=128)
def compose(text: str) -> Folded:
    """The text with its letters composed (NFC) and nothing invisible in it, for patterns and words; all else stays.

    Soft hyphens and zero-width signs that a word processor or a web page has left inside of words are not there.
    """
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not INVISIBLE.search(text)):
        return Folded(text, range(len(text)), range(1, len(text) + 1))
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in LETTER.finditer(text):
        if match["invisible"]:
            continue
        letter = unicodedata.normalize("NFC", match.group())
        letters.append(letter)
        starts += [match.start()] * len(letter)
        ends += [match.end()] * len(letter)
    return Folded("".join(letters), starts, ends)


def _lower_letter(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


@lru_cache(maxsize=128)
def fold(text: str) -> Folded:
    """The folded text; kept for a while, since many wordings are looked for in the same text."""
    if text.isascii():
        plain = text.lower().translate(ASCII_FORMS)
        if "  " not in plain:
            return Folded(plain, range(len(plain)), range(1, len(plain) + 1))
    return _fold_by_letter(text)


def _fold_by_letter(text: str) -> Folded:
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        if plain := PLAIN.match(text, at):
            # Most of a German text too: a stretch at a time is several times as fast as a letter at a time.
            folded.extend(plain[0].lower().translate(ASCII_FORMS))
            starts.extend(range(at, plain.end()))
            ends.extend(range(at + 1, plain.end() + 1))
            at = plain.end()
            continue
        offset, at = at, at + 1
        for piece in _pieces(text[offset]):
            if is_mark(piece):
                umlaut = piece == DIAERESIS and folded and folded[-1] in UMLAUT_BASES
                if umlaut:
                    folded.append("e")
                    starts.append(starts[-1])
                    ends.append(offset + 1)
                _widen(starts, ends, offset + 1)
            elif piece == " " and folded and folded[-1] == " ":
                ends[-1] = offset + 1
            else:
                folded.append(piece)
                starts.append(offset)
                ends.append(offset + 1)
    return Folded("".join(folded), starts, ends)


def _widen(starts: list[int], ends: list[int], end: int) -> None:
    """Lets the last letter reach to the end of its mark."""
    at = len(starts) - 1
    while at >= 0 and starts[at] == starts[-1]:
        ends[at] = end
        at -= 1


@lru_cache(maxsize=8192)
def _pieces(character: str) -> str:
    """What one code point folds to: base characters and combining marks; nothing for invisible ones."""
    if character in TYPOGRAPHY:
        return TYPOGRAPHY[character]
    if character.isspace():
        return " "
    if unicodedata.category(character) == "Cf":
        return ""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(TYPOGRAPHY.get(piece, piece) for piece in folded)


def is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it (accents, variation selectors)."""
    return character > "\u02ff" and unicodedata.category(character) in {"Mn", "Me"}
