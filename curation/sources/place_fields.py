"""Where an annotation stands, whatever its source calls the fields: understood, not given, or not understood.

Names are read word by word, whatever their case and their joints are: ``startOffset``, ``begin_char``, ``end``.
Offsets in tokens, words, lines or pages are no offsets in characters and are never taken for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curation.sources.draft import Span

#: No text is longer; larger offsets are no whole numbers any more once they were floating ones.
LARGEST = 2**53
STARTS = frozenset({"start", "begin", "from", "von", "anfang", "beginn"})
ENDS = frozenset({"end", "stop", "to", "bis", "ende"})
LENGTHS = frozenset({"length"})
#: Words that may stand beside "start" and "end"; those before the bar are preferred where there are several.
CHARACTERS = frozenset({"char", "character"})
BESIDE = CHARACTERS | {"offset", "pos", "position", "index", "span", "entity", "mention", "location", "text"}
#: Words of which the name of a field consists that holds both ends, or several pairs of them.
BOTH = BESIDE - {"entity", "mention", "text"} | {"interval", "range", "fragment", "segment", "extent", "bound"}
WORDS = STARTS | ENDS | LENGTHS | BESIDE | BOTH
#: Words in a name that let a number look like a place, and those that let a string of numbers do so.
TELLING = (STARTS | ENDS | BESIDE | BOTH | {"token", "word"}) - {
    "from",
    "to",
    "von",
    "entity",
    "mention",
    "text",
    "segment",
}
TELLING_STRINGS = TELLING - {"interval", "range", "extent", "bound", "position", "location"}
#: Words in a name that let it mean something else.
ELSEWHERE = frozenset({"date", "time", "day", "week", "month", "year", "age", "dose"})
#: The same words as others write them.
ALIKE = {"idx": "index", "indices": "index", "indexes": "index", "loc": "location", "len": "length",
         "boundaries": "bound", "boundary": "bound"}  # fmt: skip
#: What counts annotations, not characters.
NUMBERING = frozenset({"extraction_index", "group_index", "index_in_batch"})
#: The difference of two numbers is this small by chance too often to say that they are a wording's ends.
SHORT = 2
#: A whole number in a string, as tables write it that hold empty cells beside it ("59.0").
WHOLE = re.compile(r"\s*([0-9]{1,15})(?:\.0+)?\s*")
NUMBERS = re.compile(r"\s*[\[(]?\d+(?:\s*[-:;, ]+\s*\d+)*[\])]?\s*")
#: Every word of a name and its plural, longer ones first.
_PIECES = sorted((word + plural for word in WORDS | set(ALIKE) for plural in ("", "s")), key=len, reverse=True)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Place:
    """The offsets (None: no field gives any), or the fields that look like a place and are not understood."""

    spans: tuple[Span, ...] | None = None
    unread: tuple[str, ...] = ()


def place(annotation: Mapping[str, Any], wordings: Sequence[str], *, other: frozenset[str] = frozenset()) -> Place:
    """Where an annotation stands.

    wordings: what the source gives as standing there. other: the fields that mean something else.
    """
    fields = {str(name): value for name, value in annotation.items() if name not in other and value is not None}
    spans = _spans(fields, wordings)
    return Place(spans) if spans is not None else Place(None, tuple(dict.fromkeys(_like_places(fields, wordings))))


def listing_field(fields: Mapping[str, Any]) -> str | None:
    """The field of parallel lists that has one item for each annotation: its starts, else its places."""
    named = {name: words for name, value in fields.items() if isinstance(value, list) and (words := _words(name))}
    return _pair(named)[0] or next((name for name, words in named.items() if words <= BOTH), None)


def says_place(name: str) -> bool:
    """Whether a name says by itself that it is a place in a text (``offset``, ``end_char``), or a length."""
    words = _words(name)
    return bool(words & ({"start", "begin", "end", "stop", "span", "offset"} | CHARACTERS | LENGTHS))


def is_place(name: str) -> bool:
    """Whether a field of an annotation says its place by its name, or a part of one."""
    return bool(_words(name)) or says_place(name)


def number(value: Any) -> int:
    """An offset; -1 for what is none, which the checks refuse."""
    if isinstance(value, str):
        match = WHOLE.fullmatch(value)
        return int(match[1]) if match else -1
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LARGEST and value == int(value):
        return int(value)
    return -1


def _spans(annotation: Mapping[str, Any], wordings: Sequence[str]) -> tuple[Span, ...] | None:
    """The spans by a start with an end or a length, else by the first field that holds both ends."""
    plan = _plan(tuple([name for name, value in annotation.items() if value is not None]))
    start = plan.start or next((name for name in plan.alone if number(annotation[name]) >= 0), None)
    if start is not None:
        end, length = annotation.get(plan.end or ""), annotation.get(plan.length or "")
        return _zipped(annotation[start], end, length, wordings)
    return next((spans for name in plan.both if (spans := _held(annotation[name]))), None)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which of an annotation's fields say what of its place."""

    start: str | None
    end: str | None
    length: str | None
    alone: tuple[str, ...]  #: may be a start although no word of theirs says so
    both: tuple[str, ...]  #: may hold both ends, those in characters first


@lru_cache(maxsize=4096)
def _plan(names: tuple[str, ...]) -> _Plan:
    """What the fields of these names say."""
    named = {name: words for name in names if (words := _words(name))}
    start, end = _pair(named)
    length = next((name for name, words in named.items() if words & LENGTHS and words <= LENGTHS | BESIDE), None)
    alone = BESIDE if end or length else CHARACTERS | {"offset"}
    both = sorted((name for name in named if named[name] <= BOTH), key=lambda name: not named[name] & CHARACTERS)
    return _Plan(start, end, length, tuple(name for name in named if named[name] <= alone), tuple(both))


def _pair(named: Mapping[str, frozenset[str]]) -> tuple[str | None, str | None]:
    """The names of the start and the end that belong together: in characters first; a start without an end last."""
    starts = {name: words - STARTS for name, words in named.items() if words & STARTS and words <= STARTS | BESIDE}
    ends = {name: words - ENDS for name, words in named.items() if words & ENDS and words <= ENDS | BESIDE}
    pairs = [(start, end) for start, left in starts.items() for end, right in ends.items() if left == right]
    pairs += [(start, end) for start in starts for end in ends if (start, end) not in pairs]
    if pairs:
        return min(pairs, key=lambda pair: not starts[pair[0]] & CHARACTERS)
    return next(iter(starts), None), None


def _listed(value: Any) -> bool:
    """Whether it is an offset, or a list of them."""
    return all(number(item) >= 0 for item in value) if isinstance(value, list) else number(value) >= 0


def _zipped(start: Any, end: Any, length: Any, wordings: Sequence[str]) -> tuple[Span, ...] | None:
    """One span for each start; where neither an end nor a length is given, as long as the wording."""
    starts = start if isinstance(start, list) else [start]
    if end is not None:
        ends = [number(value) for value in (end if isinstance(end, list) else [end])]
    else:
        lengths: Sequence[Any] = length if isinstance(length, list) else [length]
        lengths = [len(words) for words in wordings] if length is None else lengths
        ends = [number(first) + number(size) for first, size in zip(starts, lengths, strict=False)]
    if len(ends) != len(starts):
        return None
    return tuple((number(first), last) for first, last in zip(starts, ends, strict=True))


def _held(value: Any) -> tuple[Span, ...] | None:
    """The spans in one value: [a, b], [[a, b], ...], {start, end} or a list of these; None of another form."""
    if isinstance(value, dict):
        return _spans(value, ())
    if not isinstance(value, list | tuple) or not value:
        return None
    if len(value) == 2 and _listed(list(value)):
        return ((number(value[0]), number(value[1])),)
    found = [_held(item) for item in value]
    return None if None in found else tuple(span for spans in found for span in spans or ())


def _like_places(fields: Mapping[str, Any], wordings: Sequence[str]) -> Iterator[str]:
    """The names of fields that look like a place: by their name and numbers, by pairs, or by their distance."""
    for name, value in fields.items():
        if name in NUMBERING or value is None or isinstance(value, bool):
            continue
        telling = TELLING_STRINGS if isinstance(value, str) else TELLING
        numeric = NUMBERS.fullmatch(value) if isinstance(value, str) else _has_number(value)
        if (numeric and _tells(name, telling)) or _is_pairs(value) or (isinstance(value, dict) and _spans(value, ())):
            yield name
    numbers = {name: number(value) for name, value in fields.items() if name not in NUMBERING and number(value) >= 0}
    lengths = {len(words) for words in wordings if len(words) > SHORT}
    for name, first in numbers.items():
        for other, last in numbers.items():
            if last - first in lengths:
                yield from (name, other)


def _tells(name: str, telling: frozenset[str]) -> bool:
    parts = {part.lower() for part in _PARTS.findall(name)}
    plain = {ALIKE.get(part, ALIKE.get(part.removesuffix("s"), part.removesuffix("s"))) for part in parts}
    return not plain & ELSEWHERE and bool((plain | _words(name)) & telling)


def _has_number(value: Any) -> bool:
    if isinstance(value, dict | list | tuple):
        return any(map(_has_number, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pairs(value: Any) -> bool:
    """Whether it is a pair of rising offsets, or a list of such pairs."""
    if not isinstance(value, list | tuple) or not value:
        return False
    if all(isinstance(item, list | tuple) for item in value):
        return all(map(_is_pairs, value))
    return len(value) == 2 and _listed(list(value)) and number(value[0]) < number(value[1])


@lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    """The words that a name consists of; none when it has any other."""
    found = _split(re.sub(r"[^a-z]", "", name.lower())) or []
    singular = (word if word in WORDS or word in ALIKE else word.removesuffix("s") for word in found)
    return frozenset(ALIKE.get(word, word) for word in singular)


def _split(letters: str) -> list[str] | None:
    """The words in a row of letters; None when it cannot be parted into them."""
    if not letters:
        return []
    for word in _PIECES:
        if letters.startswith(word) and (rest := _split(letters[len(word) :])) is not None:
            return [word, *rest]
    return None
