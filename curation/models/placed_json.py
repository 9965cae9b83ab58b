"""JSON whose strings and numbers know where they stand in the text: what an answer's tokens are counted to.

The values are those of the json module, of which the reading of objects and lists is used too; it is slower than that
of `json.loads`, which is written in C.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from json.decoder import JSONArray, JSONObject  # type: ignore[attr-defined]
from typing import Any

from curation.models.tolerant_json import OfPairs
from curation.text.folding import Span

DECODER = json.JSONDecoder(strict=False)
#: What stands for one character in the JSON of a string: two escapes for one beyond the first plane.
CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


class Placed:
    """A value of a JSON text, where it begins there, and how it is written."""

    start: int
    raw: str


class PlacedString(str, Placed):
    """A string; it begins at its quotation mark."""


class PlacedInteger(int, Placed):
    """A whole number."""


class PlacedFloat(float, Placed):
    """Any other number."""


KINDS: dict[type, type[Any]] = {str: PlacedString, int: PlacedInteger, float: PlacedFloat}


def decode_placed(text: str, start: int, of_pairs: OfPairs = dict) -> tuple[Any, int]:
    """The JSON value at a place of a text, and where it ends. Raises ValueError where there is none."""
    try:
        return _Scanner(of_pairs)(text, start)
    except StopIteration as end:
        raise json.JSONDecodeError("expected a value", text, end.value or 0) from None


def spans_of(value: object, parts: Iterable[str | None]) -> list[Span | None]:
    """Where parts of a value stand in the text that it was read from, in their order; None for one that is not of it.

    The span of a string's part is that of its letters as they are written there, escapes and all.
    """
    found: list[Span | None] = []
    offsets = _offsets(value.raw) if isinstance(value, PlacedString) else ()
    after = 0
    for part in parts:
        if isinstance(value, PlacedString) and part and (at := value.find(part, after)) >= 0:
            after = at + len(part)
            found.append((value.start + offsets[at], value.start + offsets[after]))
        elif isinstance(value, PlacedInteger | PlacedFloat) and part:
            found.append((value.start, value.start + len(value.raw)))
        else:
            found.append(None)
    return found


@dataclass(frozen=True, slots=True)
class _Scanner:
    """As the scanner of the json module, to which it is handed for what stands within objects and lists."""

    of_pairs: OfPairs

    def __call__(self, text: str, start: int) -> tuple[Any, int]:
        """The value at a place, and where it ends. Raises StopIteration where there is none."""
        first = text[start : start + 1]
        if first == "{":
            return JSONObject((text, start + 1), False, self, None, self.of_pairs)  # type: ignore[no-any-return]
        if first == "[":
            return JSONArray((text, start + 1), self)  # type: ignore[no-any-return]
        value, end = DECODER.scan_once(text, start)  # type: ignore[attr-defined]
        kind = KINDS.get(type(value))
        if kind is None:
            return value, end
        placed = kind(value)
        placed.start, placed.raw = start, text[start:end]
        return placed, end


def _offsets(raw: str) -> list[int]:
    """Where each character of a string begins in its JSON, and at last where they end."""
    inner = raw[1:-1]
    if "\\" not in inner:
        return list(range(1, len(inner) + 2))
    return [1 + found.start() for found in CHARACTER.finditer(inner)] + [1 + len(inner)]
