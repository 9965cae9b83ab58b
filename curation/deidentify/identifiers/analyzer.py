"""Identifiers in a text: by patterns, by check digits, and names by what stands around them; no model at all.

A pattern contains what has to stand before it, nothing is downloaded, and a text takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
import yaml

from curation.deidentify.identifiers.check_digits import CHECKS
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind, outside, parted
from curation.deidentify.identifiers.names import find_names
from curation.deidentify.identifiers.names_again import AGAIN
from curation.deidentify.identifiers.recognisers import RecogniserSettings, recognised
from curation.deidentify.identifiers.surrogate_marks import surrogates
from curation.deidentify.identifiers.telephones import find_telephones
from curation.deidentify.identifiers.towns import find_towns, lexicon
from curation.record import Record
from curation.text.dates import fill_date_parts
from curation.text.folding import Folded, compose

PATTERNS = Path(__file__).with_name("patterns.yaml")
LANGUAGES = ("en", "de")
WORD = re.compile(r"\w+")
#: Forms of blanks, hyphens and apostrophes.
SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u2010\u2011\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u00b4\u02bc", "'"),
    }
)
#: Longer texts are read in pieces, for what looks back or on from an offset may do so from each; and with what stands
#: around them: no pattern looks further.
PIECE, OVERLAP = 10_000, 200


@dataclass(frozen=True, slots=True)
class IdentifierPattern:
    """An entry of the file, compiled: what its matches are, how sure, and how much of each is sound."""

    expression: regex.Pattern[str]
    kind: IdentifierKind
    score: float
    check: Callable[[str], int]

    def __call__(self, text: str) -> Iterator[Identifier]:
        """The identifiers that the pattern finds in a text."""
        # A match that is no sound number may hold the beginning of one that is.
        for match in self.expression.finditer(text, overlapped=self.check is not len):
            if length := self.check(match.group()):
                yield Identifier(match.start(), match.start() + length, self.kind, self.score)


def identifiers_of(
    record: Record, kinds: Container[IdentifierKind], recognisers: Sequence[RecogniserSettings] = ()
) -> tuple[Identifier, ...]:
    """The identifiers of some kinds in a record's text; surrogates that stand for others are none."""
    found = find_identifiers(record.text, language=record.language, recognisers=recognisers)
    return outside(record.text, [identifier for identifier in found if identifier.kind in kinds], surrogates(record))


def find_identifiers(
    text: str, *, language: str, recognisers: Sequence[RecogniserSettings] = ()
) -> tuple[Identifier, ...]:
    """The identifiers of a text, apart and in order; texts in other languages are read as English ones.

    Composed and decomposed letters are read alike, and so are soft hyphens, zero-width signs and the other forms of
    blanks, hyphens and apostrophes. recognisers: models of the user, whose spans are merged with what is found here.
    """
    letters = readable(text)
    found = _found_in(letters.text, language if language in LANGUAGES else "en")
    if recognisers:
        found = parted([*found, *_within(letters.text, [*recognised(letters.text, language, recognisers)])])
    return placed(found, letters)


def readable(text: str) -> Folded:
    """The text as patterns read it, and the way back: letters composed, nothing invisible, one form of each sign."""
    letters = compose(text)
    return letters if letters.text.isascii() else replace(letters, text=letters.text.translate(SIGNS))


def placed(found: Iterable[Identifier], letters: Folded) -> tuple[Identifier, ...]:
    """Identifiers of a composed text, at their offsets in the original."""
    return tuple(
        Identifier(*letters.widened(*identifier.span), identifier.kind, identifier.score) for identifier in found
    )


def _found_in(text: str, spoken: str) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    for begin in range(0, max(1, len(text)), PIECE):
        left = max(0, begin - OVERLAP)
        piece = text[left : begin + PIECE + OVERLAP]
        found += [
            Identifier(left + identifier.start, left + identifier.end, identifier.kind, identifier.score)
            for identifier in _found_in_piece(piece, spoken)
            # What begins before was found in the piece before, which sees further to its left.
            if left + identifier.start >= begin
        ]
    return parted([*_within(text, found), *_again(text, found)])


def _again(text: str, found: list[Identifier]) -> list[Identifier]:
    """Where the towns stand again that something showed to be towns, if their names are no other words."""
    towns = {
        text[identifier.start : identifier.end].strip()
        for identifier in found
        if identifier.kind is IdentifierKind.CITY
    }
    towns -= lexicon().other_words if towns else set()
    # By length, so that each word is asked a few times, however many towns there are.
    lengths = sorted({len(town) for town in towns if len(town) > 4}, reverse=True)
    if not lengths:
        return []
    spans = ((word.start(), word.start() + length) for word in WORD.finditer(text) for length in lengths)
    return [
        Identifier(start, end, IdentifierKind.CITY, AGAIN)
        for start, end in spans
        # At the end of the text a longer length cuts off a shorter name.
        if end <= len(text) and text[start:end] in towns and not text[end : end + 1].isalnum()
    ]


def _within(text: str, found: list[Identifier]) -> list[Identifier]:
    """Without white space at the ends, and without what is empty then."""
    trimmed = []
    for identifier in found:
        wording = text[slice(*identifier.span)]
        start = identifier.start + len(wording) - len(wording.lstrip())
        end = identifier.start + len(wording.rstrip())
        if start < end:
            trimmed.append(Identifier(start, end, identifier.kind, identifier.score))
    return trimmed


def _found_in_piece(piece: str, language: str) -> Iterator[Identifier]:
    for pattern in _patterns(language):
        yield from pattern(piece)
    yield from find_names(piece, language)
    yield from find_telephones(piece, language)
    if language == "de":
        yield from find_towns(piece)


@lru_cache(maxsize=len(LANGUAGES))
def _patterns(language: str) -> tuple[IdentifierPattern, ...]:
    """The patterns of the file that serve a language, compiled once a process."""
    entries: list[dict[str, Any]] = yaml.safe_load(fill_date_parts(PATTERNS.read_text(encoding="utf-8")))
    return tuple(
        IdentifierPattern(
            regex.compile(pattern["regex"], regex.MULTILINE),
            IdentifierKind(entry["kind"]),
            pattern["score"],
            CHECKS[pattern["check"]] if "check" in pattern else len,
        )
        for entry in entries
        if language in entry.get("languages", LANGUAGES)
        for pattern in entry["patterns"]
    )
