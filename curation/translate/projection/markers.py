"""Spans of a text between markers that a translator leaves in place, and what came back of them.

A marker is a tag with a number of its own (`<e3>fever</e3>`), so that spans may lie in each other, cross or have gaps,
and a marker that was lost, doubled or left open is known by its number.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, count, pairwise, product
from string import ascii_lowercase

from curation.text.folding import Span
from curation.translate.projection.projected import Fragments

#: Any name that a tag with a number may have.
ANY = r"[^\W\d_]{1,20}"


class MarkerFault(StrEnum):
    """Why what came back between the markers of a span is not its translation."""

    LOST = "lost"
    OPEN = "left open"  # only its beginning or its end came back
    DOUBLED = "doubled"  # more often than the span has fragments
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text with markers, whose tags begin with a name that the text has in no tag of its own.

    is_translated: whether tags with other names count too, since the text has no numbered tags at all: translators
    translate names.
    """

    text: str
    name: str
    is_translated: bool
    #: How many fragments each span has.
    fragments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnmarkedText:
    """A text without its markers: where the spans stand in it, by their numbers, and what is wrong with the others."""

    text: str
    spans: Mapping[int, Fragments] = field(default_factory=dict)
    faults: Mapping[int, MarkerFault] = field(default_factory=dict)
    #: Where spans begin of which only the beginning came back.
    starts: Mapping[int, int] = field(default_factory=dict)
    #: Tags with numbers of no span, which are left out of the text like all others.
    foreign: int = 0


def marked(text: str, spans: Sequence[Fragments]) -> MarkedText:
    """The text with each span between markers of its number."""
    name = next(name for name in _names() if not _tag(name).search(text))
    # At one place ends stand before beginnings, and of two spans that begin there the longer one first.
    marks: list[tuple[int, int, int, str]] = []
    for number, fragments in enumerate(spans):
        for start, end in fragments:
            marks.append((start, 1, -end, f"<{name}{number}>"))
            marks.append((end, 0, -start, f"</{name}{number}>"))
    parts: list[str] = []
    after = 0
    for place, _, _, tag in sorted(marks):
        parts += [text[after:place], tag]
        after = place
    return MarkedText("".join([*parts, text[after:]]), name, not _tag(ANY).search(text), tuple(map(len, spans)))


def unmarked(answer: str, asked: MarkedText) -> UnmarkedText:
    """What came back for a marked text, read tolerantly: blanks and capitals in tags, and tags that were escaped.

    Blanks that stand between a tag and its wording are no part of the span, and no tag leaves two blanks behind.
    """
    name = ANY if asked.is_translated else asked.name
    text = _unescaped(answer, name)
    clean: list[str] = []
    length = 0
    begun: dict[int, list[int]] = {}
    found: dict[int, list[Span]] = {}
    faults: dict[int, MarkerFault] = {}
    foreign = after = 0
    for match in chain(_tag(name).finditer(text), [None]):
        piece = text[after : match.start() if match else len(text)]
        if after and piece[:1] == " " and (not length or clean[-1][-1:].isspace()):
            piece = piece[1:]
        if piece:
            clean.append(piece)
            length += len(piece)
        if match is None:
            break
        after = match.end()
        number = int(match["number"])
        if number >= len(asked.fragments):
            foreign += 1
        elif not match["slash"]:
            begun.setdefault(number, []).append(length)
        elif begun.get(number):
            found.setdefault(number, []).append((begun[number].pop(), length))
        else:
            faults[number] = MarkerFault.OPEN
    whole = "".join(clean)
    spans: dict[int, Fragments] = {}
    for number, fragments in enumerate(asked.fragments):
        read = [trimmed for span in sorted(found.get(number, [])) if (trimmed := _trimmed(whole, span))]
        read = list(dict.fromkeys(read))  # the same twice around the same is as good as once
        if fault := _fault(number, fragments, found.get(number, []), read, begun, faults):
            faults[number] = fault
        else:
            spans[number] = tuple(read)
    starts = {number: places[0] for number, places in begun.items() if len(places) == 1 and not found.get(number)}
    return UnmarkedText(whole, spans, faults, starts, foreign)


def _fault(
    number: int,
    fragments: int,
    found: Sequence[Span],
    read: Sequence[Span],
    begun: Mapping[int, Sequence[int]],
    faults: Mapping[int, MarkerFault],
) -> MarkerFault | None:
    if begun.get(number) or number in faults:
        return MarkerFault.OPEN
    if not found:
        return MarkerFault.LOST
    if not read:
        return MarkerFault.EMPTY
    apart = all(left[1] <= right[0] for left, right in pairwise(read))
    return None if len(read) <= fragments and apart else MarkerFault.DOUBLED


def _trimmed(text: str, span: Span) -> Span | None:
    """A span without white space at its ends; None when nothing is left."""
    wording = text[slice(*span)]
    start = span[0] + len(wording) - len(wording.lstrip())
    end = span[1] - len(wording) + len(wording.rstrip())
    return (start, end) if start < end else None


def _names() -> chain[str]:
    """Names of tags, the shortest first."""
    return chain.from_iterable(
        map("".join, product("ex" if length == 1 else ascii_lowercase, repeat=length)) for length in count(1)
    )


def _tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"<\s*(?P<slash>/?)\s*{name}\s*(?P<number>\d{{1,6}})\s*>", flags=re.IGNORECASE)


def _unescaped(text: str, name: str) -> str:
    """The text with escaped tags (`&lt;e3&gt;`) as tags; all else stays as it is."""
    escaped = re.compile(rf"&lt;\s*/?\s*{name}\s*\d{{1,6}}\s*&gt;", flags=re.IGNORECASE)
    return escaped.sub(lambda match: html.unescape(match[0]), text)
