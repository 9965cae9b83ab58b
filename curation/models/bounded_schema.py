"""JSON schemas that end: closed objects, and a bound on every string and list.

Without bounds, constrained models write blanks, digits or list items until their tokens run out (measured with
llguidance and xgrammar, November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

Schema = dict[str, JsonValue]


def closed_object(properties: Mapping[str, Schema]) -> Schema:
    """An object of exactly these properties, in their order, as strict servers require."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def bounded_string(longest: int) -> Schema:
    """A string of so many characters at most."""
    return {"type": "string", "maxLength": longest}


def bounded_list(item: Schema, most: int) -> Schema:
    """A list of so many items at most."""
    return {"type": "array", "items": item, "maxItems": most}


def one_of(words: Sequence[str]) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words)}
