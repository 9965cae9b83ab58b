"""The JSON object in a model's answer, in spite of reasoning, other words, trailing commas and Python's quotes; repairs
are named.

Reasoning models write their thoughts before the answer, between tags such as <think>, and some servers leave the first
tag out. What stands there is a draft and no answer, even where it would fit.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A comma before a closing bracket, which people and models write and JSON does not allow.
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
BLANK = re.compile(r"[ \t\n\r]*")
BRACKET_OR_STRING = re.compile(rf"{STRING.pattern}|[{{}}\[\]]", re.DOTALL)
#: The same in Python's way of writing, where strings may stand in single quotes.
BRACKET_OR_LITERAL = re.compile(rf"{STRING.pattern}|'(?:[^'\\]|\\.)*'|[{{}}\[\]]", re.DOTALL)

#: Where an object may begin, and a list of objects.
BEGINNING = re.compile(r'\{(?=\s*["\'}])')
#: One that is written as Python writes it.
LITERAL_BEGINNING = re.compile(r"\{\s*'")
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
QUOTES = "single quotes"
TWICE = "keys given twice"
IN_A_STRING = "JSON within a string"
OPEN_REASONING = "reasoning without an end"
SEVERAL = "several answers, the last one taken"
WRAPPED = "another object around the answer"
LIST = "a list in place of an object"

#: JSON's words, which some write among Python's quotes.
WORDS = {"true": True, "false": False, "null": None}

Fits = Callable[[Mapping[str, Any]], bool]
Range = tuple[int, int]
Pairs = Sequence[tuple[str, Any]]
#: What becomes of the pairs of an object.
OfPairs = Callable[[Pairs], dict[str, Any]]
#: Reads the JSON value of a text from a place on, its objects by their pairs; the value, and where it ends.
Decode = Callable[[str, int, OfPairs], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object or a list in a text, where it stands, and what was mended of it."""

    content: dict[str, Any] | list[Any]
    start: int
    end: int
    mended: tuple[str, ...] = ()


@dataclass(slots=True)
class _Keys:
    """The pairs of objects as they are read; of a key that is given twice, no value is lost.

    Equal values are one, others become a list of all: which of them is meant is not known here.
    """

    twice: bool = False

    def __call__(self, pairs: Pairs) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        found = {}
        for key, value in pairs:
            if key in found:
                self.twice = True
                value = both(found[key], value)
            found[key] = value
        return found


def decode_plain(text: str, start: int, of_pairs: OfPairs) -> tuple[Any, int]:
    """The JSON value at a place of a text, and where it ends. Raises ValueError where there is none."""
    return json.JSONDecoder(strict=False, object_pairs_hook=of_pairs).raw_decode(text, start)


def both(left: Any, right: Any) -> Any:
    """Two values that are given for one thing: either where they are equal, else a list of both."""
    if left == right:
        return left
    return [*(left if isinstance(left, list) else [left]), *(right if isinstance(right, list) else [right])]


def read_object(
    text: str, fits: Fits = bool, *, list_key: str | None = None, decode: Decode = decode_plain
) -> tuple[Mapping[str, Any] | None, list[str]]:
    """The last complete object outside of reasoning that fits, with the names of its repairs.

    Without one that fits, the last complete object; without any, None. An object that fits may stand within another
    that does not. list_key: with it, a list of objects that stands by itself is read as the value of this key.
    decode: how its JSON is read; it is given places in `text`, where the answer is not JSON within a string.
    """
    fence = FENCED.fullmatch(text)
    whole, mended = _json(text, *(fence.span("content") if fence else (0, len(text))), decode)
    if isinstance(whole, list) and list_key is None:
        return None, []
    if isinstance(whole, dict | list):
        content, unwrapped = _unwrapped(whole, fits, list_key)
        return content, [*([ANY_WORDS] if fence else []), *mended, *unwrapped]
    if isinstance(whole, str):
        inner, repaired = read_object(whole, fits, list_key=list_key)
        return inner, [IN_A_STRING, *repaired]
    objects = list(_objects(text, list_key, decode))
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
        **dict.fromkeys(answer.mended, True),
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


def _objects(text: str, list_key: str | None, decode: Decode) -> Iterator[JsonObject]:
    """The complete objects of the text in order, none within another; lists too, unless an object before is broken."""
    after, broken = 0, False
    beginning_of = BEGINNING if list_key is None else LIST_BEGINNING
    for beginning in list(beginning_of.finditer(text))[-BEGINNINGS:]:
        if beginning.start() < after or (broken and beginning[0] == "["):
            continue
        found = _object_at(text, beginning.start(), decode)
        if found is None:
            broken = True
        else:
            after = found.end
            yield found


def _object_at(text: str, start: int, decode: Decode) -> JsonObject | None:
    keys = _Keys()
    try:
        content, end = decode(text, start, keys)
        return JsonObject(content, start, end, (TWICE,) if keys.twice else ())
    except (ValueError, RecursionError):
        pass
    if LITERAL_BEGINNING.match(text, start):
        end = _end(text, start, BRACKET_OR_LITERAL)
        content, mended = _literal(text[start:end])
        repair = QUOTES
    else:
        end = _end(text, start, BRACKET_OR_STRING)
        content, mended = _json(_without_trailing_commas(text, start, end), start, end, decode) if end else (None, ())
        repair = COMMAS
    return JsonObject(content, start, end, (repair, *mended)) if isinstance(content, dict | list) else None


def _end(text: str, start: int, tokens: re.Pattern[str]) -> int:
    """Where the bracket that opens at `start` is closed; `start` when it is not."""
    depth = 0
    for token in tokens.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return start


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


def _json(text: str, start: int, end: int, decode: Decode) -> tuple[Any, Sequence[str]]:
    """The value between two places, None where there is none or other words beside it; and whether keys were given
    twice.
    """
    keys = _Keys()
    try:
        content, after = decode(text, _after_blanks(text, start), keys)
    except (ValueError, RecursionError):
        return None, []
    is_all = _after_blanks(text, after) >= end >= after
    return (content, [TWICE] if keys.twice else []) if is_all else (None, [])


def _after_blanks(text: str, place: int) -> int:
    found = BLANK.match(text, place)
    return found.end() if found else place


def _literal(text: str) -> tuple[Any, Sequence[str]]:
    """The same for a value in Python's way of writing; nothing in it is run."""
    keys = _Keys()
    try:
        return _value(ast.parse(text, mode="eval").body, keys), [TWICE] if keys.twice else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None, []


def _value(node: ast.expr, keys: _Keys) -> Any:
    """Raises ValueError for what JSON has no form for."""
    match node:
        case ast.Dict():
            names = [_value(key, keys) for key in node.keys if key is not None]
            if len(names) != len(node.values) or not all(isinstance(name, str) for name in names):
                raise ValueError
            return keys(list(zip(names, (_value(value, keys) for value in node.values), strict=True)))
        case ast.List() | ast.Tuple():
            return [_value(element, keys) for element in node.elts]
        case ast.Constant(value=str() | bool() | int() | float() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Name(id=name) if name in WORDS:
            return WORDS[name]
    raise ValueError


def _without_trailing_commas(text: str, start: int, end: int) -> str:
    """The text with blanks in their places between two others; strings stay as they are."""
    pieces, after = [text[:start]], start
    for string in STRING.finditer(text, start, end):
        pieces += [TRAILING_COMMA.sub(" ", text[after : string.start()]), string[0]]
        after = string.end()
    return "".join(pieces) + TRAILING_COMMA.sub(" ", text[after:end]) + text[end:]
