"""The differences of two layers of a record, mark by mark: spans and categories, without the wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import Field

from annotation.agreement.over_time import week_of
from curation.record import Entity, Frozen, Layer
from curation.scoring.matching import Spans, overlap

#: Only one side marks it; or both do, with different category, boundary, assertion, or category and boundary.
DifferenceKind = Literal["only", "category", "boundary", "category and boundary", "assertion"]


class MarkedEntity(Frozen):
    """One side's entity: its id in the layer, category, spans and assertion."""

    id: str
    category: str
    spans: Spans
    assertion: str

    @classmethod
    def of(cls, entity: Entity) -> MarkedEntity:
        """The mark of an entity."""
        return cls(id=entity.id, category=entity.category, spans=entity.spans, assertion=entity.assertion.value)


class MarkDifference(Frozen):
    """One difference; a side without a mark is None."""

    kind: DifferenceKind
    one: MarkedEntity | None = None
    other: MarkedEntity | None = None

    @property
    def start(self) -> int:
        """The offset of its start in the text."""
        return min(mark.spans[0][0] for mark in (self.one, self.other) if mark)

    @property
    def categories(self) -> set[str]:
        """The categories of both sides."""
        return {mark.category for mark in (self.one, self.other) if mark}


class LayerComparison(Frozen):
    """Two layers of one record: the number of equal marks, and each difference."""

    record_id: str
    one: str
    other: str
    #: The ISO weeks of both layers, such as 2026-W09.
    weeks: tuple[str, str]
    same: int = Field(ge=0)
    differences: tuple[MarkDifference, ...] = ()


def differences(one: Layer, other: Layer, *, assertion: bool = False) -> LayerComparison:
    """All differences of two layers, in the order of the text.

    Equal marks are only counted. Of the others, those with the same spans are paired first, then those of one
    category that overlap, then any that overlap, each time the pairs with the largest overlap first. Marks without a
    partner are differences of one side. Unless ``assertion`` is set, marks that differ only in it are equal.
    """
    first, second = _marks(one), _marks(other)
    equal = first.keys() & second.keys()
    left, right = ([mark for key, mark in side.items() if key not in equal] for side in (first, second))
    pairs = [pair for rule in _RULES for pair in _paired(left, right, rule)]
    paired = [_difference(*pair, assertion=assertion) for pair in pairs]
    alone = [MarkDifference(kind="only", one=mark) for mark in left]
    alone += [MarkDifference(kind="only", other=mark) for mark in right]
    found = sorted([each for each in paired if each] + alone, key=lambda each: (each.start, _sort_key(each)))
    return LayerComparison(
        record_id=one.record_id,
        one=one.name,
        other=other.name,
        weeks=(week_of(one.created), week_of(other.created)),
        same=len(equal) + sum(each is None for each in paired),
        differences=tuple(found),
    )


def _marks(layer: Layer) -> dict[tuple[str, Spans, str], MarkedEntity]:
    """The entities with spans by category, spans and assertion, in order."""
    marks = {
        (mark.category, mark.spans, mark.assertion): mark for mark in map(MarkedEntity.of, layer.entities) if mark.spans
    }
    return dict(sorted(marks.items()))


def _same_but_assertion(left: MarkedEntity, right: MarkedEntity) -> bool:
    return (left.category, left.spans) == (right.category, right.spans)


def _same_spans(left: MarkedEntity, right: MarkedEntity) -> bool:
    return left.spans == right.spans


def _same_category(left: MarkedEntity, right: MarkedEntity) -> bool:
    return left.category == right.category and overlap(left.spans, right.spans)


def _overlap_at_all(left: MarkedEntity, right: MarkedEntity) -> bool:
    return overlap(left.spans, right.spans)


Rule = Callable[[MarkedEntity, MarkedEntity], bool]

#: From the most similar pairs to the least similar.
_RULES: tuple[Rule, ...] = (_same_but_assertion, _same_spans, _same_category, _overlap_at_all)


def _paired(left: list[MarkedEntity], right: list[MarkedEntity], rule: Rule) -> list[tuple[MarkedEntity, MarkedEntity]]:
    """Pairs that the rule allows, the largest overlap first; their marks are removed from the two lists."""
    allowed = [(i, j) for i, first in enumerate(left) for j, second in enumerate(right) if rule(first, second)]
    taken: dict[int, int] = {}
    for i, j in sorted(allowed, key=lambda pair: -_shared(left[pair[0]], right[pair[1]])):
        if i not in taken and j not in taken.values():
            taken[i] = j
    pairs = [(left[i], right[j]) for i, j in taken.items()]
    left[:] = [mark for i, mark in enumerate(left) if i not in taken]
    right[:] = [mark for j, mark in enumerate(right) if j not in taken.values()]
    return pairs


def _shared(left: MarkedEntity, right: MarkedEntity) -> int:
    return sum(max(0, min(b, d) - max(a, c)) for a, b in left.spans for c, d in right.spans)


def _difference(one: MarkedEntity, other: MarkedEntity, *, assertion: bool) -> MarkDifference | None:
    """The difference of two paired marks; None when they count as equal."""
    moved, renamed = one.spans != other.spans, one.category != other.category
    kinds: dict[tuple[bool, bool], DifferenceKind] = {
        (True, True): "category and boundary",
        (True, False): "boundary",
        (False, True): "category",
    }
    if moved or renamed:
        return MarkDifference(kind=kinds[moved, renamed], one=one, other=other)
    if assertion and one.assertion != other.assertion:
        return MarkDifference(kind="assertion", one=one, other=other)
    return None


def confusions(compared: Iterable[LayerComparison]) -> dict[tuple[str, str], int]:
    """The number of differences by their two categories in alphabetical order; an empty one is no mark."""
    found: dict[tuple[str, str], int] = {}
    for each in (difference for comparison in compared for difference in comparison.differences):
        pair = sorted((_category(each.one), _category(each.other)))
        if pair[0] != pair[1]:
            found[pair[0], pair[1]] = found.get((pair[0], pair[1]), 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def kinds(compared: Sequence[LayerComparison]) -> dict[DifferenceKind, int]:
    """The number of differences of each kind."""
    found: dict[DifferenceKind, int] = dict.fromkeys(
        ("only", "category", "boundary", "category and boundary", "assertion"), 0
    )
    for each in (difference for comparison in compared for difference in comparison.differences):
        found[each.kind] += 1
    return {kind: count for kind, count in found.items() if count}


def _sort_key(difference: MarkDifference) -> list[tuple[str, Spans]]:
    """The categories and spans, independent of the order of the sides."""
    return sorted((mark.category, mark.spans) for mark in (difference.one, difference.other) if mark)


def _category(mark: MarkedEntity | None) -> str:
    return mark.category if mark else ""
