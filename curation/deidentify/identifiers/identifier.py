"""What an identifier is: a kind and a place, never a wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What tells who somebody is; near the list of the HIPAA safe harbour (45 CFR 164.514)."""

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


#: A title or a year alone tells nobody: found, but not counted unless the settings say so.
COUNTED = tuple(kind for kind in Kind if kind not in (Kind.TITLE, Kind.YEAR))


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A stretch of the text (end-exclusive, code points) and what it is; the score is from 0 to 1."""

    start: int
    end: int
    kind: Kind
    score: float

    @property
    def place(self) -> str:
        """The place and the kind in one word, such as 12-20:NAME; no wording."""
        return f"{self.start}-{self.end}:{self.kind}"


def parted(found: list[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers that do not overlap, in order: of two the longer one stays, then the surer one."""
    taken = bytearray(max((one.end for one in found), default=0))
    kept: list[Identifier] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, -one.score, one.start, one.kind)):
        # None that was kept is shorter, so one that overlaps this one has its first or its last letter.
        if not (taken[one.start] or taken[one.end - 1]):
            taken[one.start : one.end] = b"\x01" * (one.end - one.start)
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.start))


def outside(text: str, found: Iterable[Identifier], places: Sequence[tuple[int, int]]) -> tuple[Identifier, ...]:
    """What of the identifiers of a text stands outside of some places, where that has a letter or a figure."""
    left: list[Identifier] = []
    for one in found:
        at = one.start
        for start, end in [
            *sorted(place for place in places if place[0] < one.end and one.start < place[1]),
            (one.end, -1),
        ]:
            part = text[at:start]
            if any(character.isalnum() for character in part):
                begin, stop = at + len(part) - len(part.lstrip()), at + len(part.rstrip())
                left.append(Identifier(begin, stop, one.kind, one.score))
            at = max(at, end)
    return tuple(left)
