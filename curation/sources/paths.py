"""Values inside nested rows, by dotted paths: ``patient.report``, ``annotations.*.events.*.Trigger``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

#: What a path leads to when there is nothing.
MISSING: Any = object()
EVERY = "*"
OUTER = "^."


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a row, the path to it, and the values that it is in (the nearest last)."""

    value: Any
    path: tuple[str | int, ...] = ()
    ancestors: tuple[Any, ...] = ()


def dig(row: Any, path: str | int) -> Any:
    """The value at a path: a key of that very name first, else its dotted parts; MISSING when there is none."""
    if isinstance(path, int):
        return _child(row, path)
    if isinstance(row, dict) and path in row:
        return row[path]
    if "." not in path:
        return _child(row, path)
    for part in path.split("."):
        row = _child(row, part)
        if row is MISSING:
            break
    return row


def _child(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key, MISSING)
    if isinstance(value, list | tuple):
        index = key if isinstance(key, int) else int(key) if key.isdecimal() else -1
        return value[index] if 0 <= index < len(value) else MISSING
    return MISSING


def walk(row: Any, path: str) -> Iterator[Node]:
    """Every value that a path with ``*`` leads to."""
    return _walk(Node(row), path.split("."))


def _walk(node: Node, parts: Sequence[str]) -> Iterator[Node]:
    if not parts:
        yield node
        return
    for key, value in _children(node.value, parts[0]):
        inner = Node(value, (*node.path, key), (*node.ancestors, node.value))
        yield from _walk(inner, parts[1:])


def _children(value: Any, part: str) -> Iterator[tuple[str | int, Any]]:
    if part != EVERY:
        child = _child(value, part)
        if child is not MISSING and child is not None:
            yield part, child
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def pick(node: Node, names: Sequence[str | int]) -> Any:
    """The first of the fields that an annotation (or, with ``^.``, what surrounds it) holds; else MISSING."""
    for name in names:
        value, outwards = node.value, 0
        while isinstance(name, str) and name.startswith(OUTER):
            name, outwards = name.removeprefix(OUTER), outwards + 1
        if outwards:
            value = node.ancestors[-outwards] if outwards <= len(node.ancestors) else MISSING
        found = dig(value, name)
        if found is not MISSING and found is not None:
            return found
    return MISSING
