"""Keywords of JSON schemas that some servers do not take: which, by what they say, and schemas without them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

#: Bounds of free texts and lists: an answer without them still has its form, and ends at the token limit.
BOUNDS = frozenset({"maxLength", "maxItems"})
#: Keywords without which a schema still says what is asked.
DISPENSABLE = BOUNDS | {"additionalProperties"}
#: Keywords whose values are schemas by names, which may be those of keywords.
BY_NAME = frozenset({"properties", "$defs"})
#: What stands before the keywords in the name of a form of answer.
WITHOUT = " without "


def without_keywords(schema: Any, left_out: Collection[str]) -> Any:
    """A schema without some keywords, at any depth."""
    if isinstance(schema, list):
        return [without_keywords(part, left_out) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        keyword: {name: without_keywords(part, left_out) for name, part in value.items()}
        if keyword in BY_NAME and isinstance(value, Mapping)
        else without_keywords(value, left_out)
        for keyword, value in schema.items()
        if keyword not in left_out
    }


def refused_keywords(said: bytes, schema: Any, left_out: Collection[str]) -> frozenset[str]:
    """The keywords of a schema that a server's refusal names, else its bounds; none where nothing can be left out.

    left_out: those that the schema went out without.
    """
    used = DISPENSABLE.intersection(_keywords(schema)).difference(left_out)
    words = said.decode("utf-8", "replace").lower().replace("_", "")
    named = frozenset(keyword for keyword in used if keyword.lower() in words)
    return named or (frozenset() if left_out else used & BOUNDS)


def form_of(form: str, left_out: Collection[str]) -> str:
    """A form of answer with the keywords that were left out of its schema."""
    return form + WITHOUT + ", ".join(sorted(left_out)) if left_out else form


def left_out_of(form: str) -> frozenset[str]:
    """The keywords that a form of answer names as left out."""
    _, _, named = form.partition(WITHOUT)
    return frozenset(named.split(", ")) & DISPENSABLE


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _keywords(part)
    elif isinstance(schema, Mapping):
        for keyword, value in schema.items():
            yield keyword
            yield from _keywords(list(value.values()) if keyword in BY_NAME and isinstance(value, Mapping) else value)
