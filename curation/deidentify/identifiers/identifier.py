"""What an identifier is: a kind and offsets, never a wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class IdentifierKind(StrEnum):
    """What identifies a person; near the list of the HIPAA safe harbour (45 CFR 164.514)."""

    NAME = "NAME"
    DATE = "DATE"  # with a month or a day
    AGE = "AGE"  # above 89 years
    PHONE = "PHONE"  # and fax
    EMAIL = "EMAIL"
    WEB = "WEB"  # web and network addresses
    ID = "ID"  # of records, insurances, accounts, wards
    STREET = "STREET"
    ZIP = "ZIP"
    CITY = "CITY"
    HOSPITAL = "HOSPITAL"
    TITLE = "TITLE"  # academic: tells that a name is near
    YEAR = "YEAR"  # alone


#: A title or a year alone identifies no person: found, but not counted unless the settings say so.
COUNTED = tuple(kind for kind in IdentifierKind if kind not in (IdentifierKind.TITLE, IdentifierKind.YEAR))


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A stretch of the text (end-exclusive, code points) and what it is; the score is from 0 to 1."""

    start: int
    end: int
    kind: IdentifierKind
    score: float

    @property
    def span(self) -> tuple[int, int]:
        """Where it begins and ends."""
        return self.start, self.end

    @property
    def offsets(self) -> str:
        """The offsets and the kind in one word, such as 12-20:NAME; no wording."""
        return f"{self.start}-{self.end}:{self.kind}"


def parted(found: list[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers that do not overlap, in order: of two the longer one stays, then the surer one."""
    taken = bytearray(max((identifier.end for identifier in found), default=0))
    apart: list[Identifier] = []
    for identifier in sorted(found, key=_longest_first):
        # None that was kept is shorter, so one that overlaps this one has its first or its last letter.
        if not (taken[identifier.start] or taken[identifier.end - 1]):
            taken[identifier.start : identifier.end] = b"\x01" * (identifier.end - identifier.start)
            apart.append(identifier)
    return tuple(sorted(apart, key=lambda identifier: identifier.start))


def _longest_first(identifier: Identifier) -> tuple[int, float, int, IdentifierKind]:
    return identifier.start - identifier.end, -identifier.score, identifier.start, identifier.kind


def outside(text: str, found: Iterable[Identifier], spans: Sequence[tuple[int, int]]) -> tuple[Identifier, ...]:
    """What of the identifiers of a text stands outside of some spans, where that has a letter or a figure."""
    left: list[Identifier] = []
    for identifier in found:
        at = identifier.start
        for start, end in [
            *sorted(span for span in spans if span[0] < identifier.end and identifier.start < span[1]),
            (identifier.end, -1),
        ]:
            part = text[at:start]
            if any(character.isalnum() for character in part):
                begin, stop = at + len(part) - len(part.lstrip()), at + len(part.rstrip())
                left.append(Identifier(begin, stop, identifier.kind, identifier.score))
            at = max(at, end)
    return tuple(left)
