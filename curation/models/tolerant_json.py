"""The JSON object in a model's answer, in spite of reasoning, other words and trailing commas; repairs are named.

Reasoning models write their thoughts before the answer, between tags such as <think>, and some servers leave the first
tag out. What stands there is a draft and no answer, even where it would fit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A comma before a closing bracket, which people and models write and JSON does not allow.
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
BRACKET_OR_STRING = re.compile(rf"{STRING.pattern}|[{{}}\[\]]", re.DOTALL)

#: Where an object may begin, and a list of objects.
BEGINNING = re.compile(r'\{(?=\s*["}])')
LIST_BEGINNING = re.compile(rf"{BEGINNING.pattern}|\[(?=\s*\{{)")
#: A fence around the whole answer.
FENCED = re.compile(r"\s*```\w*\s*(?P<content>.*?)\s*```\s*", re.DOTALL)

#: So deep within others an object may stand.
DEEPEST = 3
#: So many beginnings are looked at, from the last: more braces that belong to nothing are no answer.
BEGINNINGS = 2_000

#: The tags that models write around their reasoning; `closing` tells the second of a pair.
REASONING = re.compile(
    r"<(?P<closing>/?)\s*(?:\w+:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|reflection|scratchpad|rationale)\s*>"
    r"|\[(?P<closing_>/?)think\]|◁(?P<closing__>/?)think▷",
    re.IGNORECASE,
)

ANY_WORDS = "words around the JSON"
COMMAS = "trailing commas"
OPEN_REASONING = "reasoning without an end"
SEVERAL = "several answers, the last one taken"
WRAPPED = "another object around the answer"
LIST = "a list in place of an object"

Fits = Callable[[Mapping[str, Any]], bool]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object or a list in a text, where it stands, and whether commas were taken out of it."""

    content: dict[str, Any] | list[Any]
    start: int
    end: int
    mended: bool


def read_object(
    text: str, fits: Fits = bool, *, list_key: str | None = None
) -> tuple[Mapping[str, Any] | None, list[str]]:
    """The last complete object outside of reasoning that fits, with the names of its repairs.

    Without one that fits, the last complete object; without any, None. An object that fits may stand within another
    that does not. list_key: with it, a list of objects that stands by itself is read as the value of this key.
    """
    fence = FENCED.fullmatch(text)
    whole = _json(fence["content"] if fence else text)
    if isinstance(whole, list) and list_key is None:
        return None, []
    if isinstance(whole, dict | list):
        content, unwrapped = _unwrapped(whole, fits, list_key)
        return content, [ANY_WORDS, *unwrapped] if fence else unwrapped
    objects = list(_objects(text, list_key))
    fitting = [found for found in objects if fits(_unwrapped(found.content, fits, list_key)[0])]
    # A list by itself is an answer only where there is no object that is one.
    fitting = [found for found in fitting if isinstance(found.content, dict)] or fitting
    reasoning, opened = _reasoning(text, fitting)
    answers = [found for found in fitting if not any(start <= found.start < end for start, end in reasoning)]
    if not answers:
        others = [found.content for found in objects if isinstance(found.content, dict)]
        return (others[-1] if others and not fitting else None), []
    answer = answers[-1]
    content, unwrapped = _unwrapped(answer.content, fits, list_key)
    repairs = {
        ANY_WORDS: text.strip() != text[answer.start : answer.end],
        COMMAS: answer.mended,
        OPEN_REASONING: opened is not None and opened < answer.start,
        SEVERAL: any(other.content != answer.content for other in answers),
    }
    return content, [*(repair for repair, needed in repairs.items() if needed), *unwrapped]


def _unwrapped(
    content: dict[str, Any] | list[Any], fits: Fits, list_key: str | None
) -> tuple[dict[str, Any], list[str]]:
    """The object that fits: itself, else the only one within it; where there is none, itself."""
    given = content if isinstance(content, dict) else {list_key or "": content}
    named = [] if isinstance(content, dict) else [LIST]
    if isinstance(content, dict) and fits(content):
        return content, []
    inner = [found for found in _within(content, DEEPEST) if fits(found)]
    return (inner[0], [WRAPPED]) if len(inner) == 1 else (given, named)


def _within(content: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The objects within an object or a list, of those within each other the outermost first."""
    if depth == 0:
        return
    for value in content.values() if isinstance(content, dict) else content:
        if isinstance(value, dict):
            yield value
        if isinstance(value, dict | list):
            yield from _within(value, depth - 1)


def _objects(text: str, list_key: str | None) -> Iterator[JsonObject]:
    """The complete objects of the text in order, none within another; lists too, unless an object before is broken."""
    after, broken = 0, False
    beginning_of = BEGINNING if list_key is None else LIST_BEGINNING
    for beginning in list(beginning_of.finditer(text))[-BEGINNINGS:]:
        if beginning.start() < after or (broken and beginning[0] == "["):
            continue
        found = _object_at(text, beginning.start())
        if found is None:
            broken = True
        else:
            after = found.end
            yield found


def _object_at(text: str, start: int) -> JsonObject | None:
    try:
        content, end = json.JSONDecoder(strict=False).raw_decode(text, start)
        return JsonObject(content, start, end, mended=False)
    except (ValueError, RecursionError):
        end = _end(text, start)
    content = _json(_without_trailing_commas(text[start:end])) if end else None
    return JsonObject(content, start, end, mended=True) if isinstance(content, dict | list) else None


def _end(text: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed; 0 when it is not."""
    depth = 0
    for token in BRACKET_OR_STRING.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return 0


def _reasoning(text: str, objects: Sequence[JsonObject]) -> tuple[list[Range], int | None]:
    """The ranges of reasoning, and where reasoning begins that is never closed.

    A tag within an object is a word of the answer. An end without a beginning ends what began with the text.
    """
    closed: list[Range] = []
    opened: int | None = None
    for tag in REASONING.finditer(text):
        if any(found.start < tag.start() < found.end for found in objects):
            continue
        if not any(tag.groups()):
            opened = tag.start() if opened is None else opened
        else:
            closed.append((opened or 0, tag.end()))
            opened = None
    return closed, opened


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _without_trailing_commas(text: str) -> str:
    """The text without them; strings stay as they are."""
    pieces, after = [], 0
    for string in STRING.finditer(text):
        pieces += [TRAILING_COMMA.sub("", text[after : string.start()]), string[0]]
        after = string.end()
    return "".join(pieces) + TRAILING_COMMA.sub("", text[after:])
