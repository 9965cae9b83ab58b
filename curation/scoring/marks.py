"""How many marks of two layers on one record are the same, by category; strict and lenient as in scoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import starmap
from typing import Any

from curation.record import Entity, Layer
from curation.scoring.bootstrap import Array
from curation.scoring.matching import Spans, overlapping_pairs

MODES = ("strict", "lenient")

#: Marks by what must be equal beside the spans: the category, and the assertion where it matters.
Key = tuple[str, str]
Marks = dict[Key, set[Spans]]
NOTHING: frozenset[Spans] = frozenset()


def marks_of(layer: Layer, *, assertion: bool) -> Marks:
    """The spans of a layer's entities; an entity given twice counts once, one without fragments is left out.

    Negated and historical findings are marks like any other: what is compared is whether they were marked.
    """
    marks: Marks = {}
    for entity in layer.entities:
        if entity.fragments:
            marks.setdefault(key_of(entity, assertion=assertion), set()).add(entity.spans)
    return marks


def plain_marks(layer: Mapping[str, Any], *, assertion: bool) -> Marks:
    """`marks_of` for a layer in plain values."""
    marks: Marks = {}
    for entity in layer["entities"]:
        if fragments := entity["fragments"]:
            key = (entity["category"], entity["assertion"] if assertion else "")
            spans = tuple([(fragment["start"], fragment["end"]) for fragment in fragments])
            if key in marks:
                marks[key].add(spans)
            else:
                marks[key] = {spans}
    return marks


def key_of(entity: Entity, *, assertion: bool) -> Key:
    """What an entity must share with another, beside its spans, to match it."""
    return entity.category, entity.assertion.value if assertion else ""


def count_marks(left: Marks, right: Marks, categories: Sequence[str]) -> list[list[tuple[int, int, int]]]:
    """For each category, for each of MODES: matched marks, and the marks of either side."""
    keys = _by_category({**left, **right})
    return [_count(left, right, keys.get(category, [])) for category in categories]


def count_all_marks(left: Marks, right: Marks) -> list[tuple[int, int, int]]:
    """`count_marks` of all categories together."""
    return _count(left, right, {**left, **right})


def _by_category(keys: Iterable[Key]) -> Mapping[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key[0], []).append(key)
    return found


def _count(left: Marks, right: Marks, keys: Iterable[Key]) -> list[tuple[int, int, int]]:
    pairs = [(left.get(key, NOTHING), right.get(key, NOTHING)) for key in keys]
    sizes = sum(len(first) for first, _ in pairs), sum(len(second) for _, second in pairs)
    strict = sum(len(first & second) for first, second in pairs)
    return [(strict, *sizes), (sum(starmap(_overlapping, pairs)), *sizes)]


def _overlapping(left: Set[Spans], right: Set[Spans]) -> int:
    # Most marks of two careful people are the same: each then has itself.
    return len(left) if left == right else overlapping_pairs(sorted(left), sorted(right))


def f1(counts: Array) -> Array:
    """F1 from matched, marks of one side, marks of the other; the same whichever side is called gold."""
    import numpy as np

    size = counts[..., 1] + counts[..., 2]
    return np.where(size > 0, 2 * counts[..., 0] / np.where(size > 0, size, 1), np.nan)
