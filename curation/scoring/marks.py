"""How many marks of two layers on one record are the same, by category; strict and lenient as in scoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from curation.record import Entity, Layer
from curation.scoring.bootstrap import Array
from curation.scoring.matching import Spans, equal_pairs, overlapping_pairs

MODES = ("strict", "lenient")

#: Marks by what must be equal beside the place: the category, and the assertion where it matters.
Key = tuple[str, str]
Marks = dict[Key, set[Spans]]


def marks_of(layer: Layer, *, assertion: bool) -> Marks:
    """The places of a layer's entities; one said twice is one, one without a place is none.

    Negated and historical findings are marks like any other: that somebody marked them is what is compared.
    """
    marks: Marks = {}
    for entity in layer.entities:
        if entity.fragments:
            marks.setdefault(key_of(entity, assertion=assertion), set()).add(entity.spans)
    return marks


def key_of(entity: Entity, *, assertion: bool) -> Key:
    """What an entity must share with another, beside its place, to say the same."""
    return entity.category, entity.assertion.value if assertion else ""


def count_marks(one: Marks, other: Marks, categories: Sequence[str]) -> list[list[tuple[int, int, int]]]:
    """For each category, for each of MODES: matched marks, and the marks of either side."""
    keys = _by_category({**one, **other})
    return [_count(one, other, keys.get(category, [])) for category in categories]


def _by_category(keys: Iterable[Key]) -> Mapping[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key[0], []).append(key)
    return found


def _count(one: Marks, other: Marks, keys: Iterable[Key]) -> list[tuple[int, int, int]]:
    sides = [(sorted(one.get(key, ())), sorted(other.get(key, ()))) for key in keys]
    ours, theirs = sum(len(left) for left, _ in sides), sum(len(right) for _, right in sides)
    return [
        (sum(pairs(left, right) for left, right in sides), ours, theirs) for pairs in (equal_pairs, overlapping_pairs)
    ]


def f1(counts: Array) -> Array:
    """F1 from matched, marks of one side, marks of the other; the same whichever side is called gold."""
    import numpy as np

    size = counts[..., 1] + counts[..., 2]
    return np.where(size > 0, 2 * counts[..., 0] / np.where(size > 0, size, 1), np.nan)
