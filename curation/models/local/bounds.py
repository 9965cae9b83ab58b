"""A bound on every string and list of a schema: without one, small models write blanks or items until their context is
full (measured with llguidance and xgrammar, November 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Characters of a string and items of a list whose schema has no bound of its own.
STRING, ITEMS = 1000, 64
#: Keys of a string's schema that bound it.
BOUNDED = frozenset({"enum", "const", "maxLength", "pattern", "format"})
#: Keys whose values are schemas by name, and lists of schemas.
BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions"})
LISTED = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
SINGLE = frozenset({"items", "additionalProperties"})

Schema = Mapping[str, Any]


def bounded(schema: Schema) -> dict[str, Any]:
    """The schema with a bound on each string and list that has none."""
    found = _with_parts(schema, bounded)
    types = _types(schema)
    if "string" in types and not BOUNDED & schema.keys():
        found["maxLength"] = max(STRING, schema.get("minLength", 0))
    if "array" in types and "maxItems" not in schema:
        found["maxItems"] = max(ITEMS, schema.get("minItems", 0))
    return found


def _with_parts(schema: Schema, change: Callable[[Schema], Any]) -> dict[str, Any]:
    found = dict(schema)
    for key, value in schema.items():
        if key in BY_NAME and isinstance(value, Mapping):
            found[key] = {name: change(part) if isinstance(part, Mapping) else part for name, part in value.items()}
        elif key in LISTED and isinstance(value, list):
            found[key] = [change(part) if isinstance(part, Mapping) else part for part in value]
        elif key in SINGLE and isinstance(value, Mapping):
            found[key] = change(value)
    return found


def _types(schema: Schema) -> list[str]:
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else list(named)


def shortest(schema: Schema) -> Any:
    """A value in the schema with one item in each list, its strings as short and its words as long as they may be:
    what may still have to be written when an answer has to end."""
    if words := schema.get("enum"):
        return max(words, key=lambda word: len(str(word)))
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf", "allOf"):
        if parts := schema.get(key):
            return max((shortest(part) for part in parts), key=lambda value: len(str(value)))
    types = _types(schema)
    if "object" in types or "properties" in schema:
        return {name: shortest(part) for name, part in schema.get("properties", {}).items()}
    if "array" in types:
        return [shortest(schema.get("items", {}))] * max(1, schema.get("minItems", 0))
    if "string" in types:
        return "x" * schema.get("minLength", 0)
    return 0 if {"integer", "number"} & set(types) else False
