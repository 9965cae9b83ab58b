"""Where two differ on a record, mark by mark: by place and category, without the wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import Field

from annotation.agreement.over_time import week_of
from curation.record import Entity, Frozen, Layer
from curation.scoring.matching import Spans, overlap

#: One alone marks it; or both do, with another category, boundary, assertion, or both of the first.
Kind = Literal["only", "category", "boundary", "category and boundary", "assertion"]


class Mark(Frozen):
    """What one of the two marked: the entity's id in the layer, its category and its place."""

    id: str
    category: str
    spans: Spans
    assertion: str

    @classmethod
    def of(cls, entity: Entity) -> Mark:
        """The mark of an entity."""
        return cls(id=entity.id, category=entity.category, spans=entity.spans, assertion=entity.assertion.value)


class Difference(Frozen):
    """One difference; a side that marks nothing there is None."""

    kind: Kind
    one: Mark | None = None
    other: Mark | None = None

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return min(mark.spans[0][0] for mark in (self.one, self.other) if mark)

    @property
    def categories(self) -> set[str]:
        """The categories that it is about."""
        return {mark.category for mark in (self.one, self.other) if mark}


class Compared(Frozen):
    """Two on one record: how many marks are the same, and each that is not."""

    record_id: str
    one: str
    other: str
    #: When either said it: the ISO week, such as 2026-W09.
    weeks: tuple[str, str]
    same: int = Field(ge=0)
    differences: tuple[Difference, ...] = ()


def differences(one: Layer, other: Layer, *, assertion: bool = False) -> Compared:
    """All differences of two layers, in the order of the text.

    Marks that are wholly equal are set aside. Of the rest those at the same place are paired, then those that
    overlap in a category, then any that overlap, each time those first that share most; what has no partner stands
    alone. Unless ``assertion`` is set, marks that differ in their assertion alone are the same.
    """
    said, also = _marks(one), _marks(other)
    equal = said.keys() & also.keys()
    left, right = ([mark for key, mark in side.items() if key not in equal] for side in (said, also))
    pairs = [pair for rule in _RULES for pair in _take(left, right, rule)]
    told = [_told(*pair, assertion=assertion) for pair in pairs]
    alone = [Difference(kind="only", one=mark) for mark in left]
    alone += [Difference(kind="only", other=mark) for mark in right]
    found = sorted([each for each in told if each] + alone, key=lambda each: (each.start, _places(each)))
    return Compared(
        record_id=one.record_id,
        one=one.name,
        other=other.name,
        weeks=(week_of(one.created), week_of(other.created)),
        same=len(equal) + sum(each is None for each in told),
        differences=tuple(found),
    )


def _marks(layer: Layer) -> dict[tuple[str, Spans, str], Mark]:
    """The placed entities by all that they say, in order."""
    said = {(mark.category, mark.spans, mark.assertion): mark for mark in map(Mark.of, layer.entities) if mark.spans}
    return dict(sorted(said.items()))


def _same_but_assertion(one: Mark, other: Mark) -> bool:
    return (one.category, one.spans) == (other.category, other.spans)


def _same_place(one: Mark, other: Mark) -> bool:
    return one.spans == other.spans


def _same_category(one: Mark, other: Mark) -> bool:
    return one.category == other.category and overlap(one.spans, other.spans)


def _meet(one: Mark, other: Mark) -> bool:
    return overlap(one.spans, other.spans)


Rule = Callable[[Mark, Mark], bool]

#: From the nearest kin to the farthest.
_RULES: tuple[Rule, ...] = (_same_but_assertion, _same_place, _same_category, _meet)


def _take(left: list[Mark], right: list[Mark], rule: Rule) -> list[tuple[Mark, Mark]]:
    """Pairs that the rule allows, most in common first; they are taken out of the two lists."""
    able = [(i, j) for i, one in enumerate(left) for j, other in enumerate(right) if rule(one, other)]
    taken: dict[int, int] = {}
    for i, j in sorted(able, key=lambda pair: -_shared(left[pair[0]], right[pair[1]])):
        if i not in taken and j not in taken.values():
            taken[i] = j
    pairs = [(left[i], right[j]) for i, j in taken.items()]
    left[:] = [mark for i, mark in enumerate(left) if i not in taken]
    right[:] = [mark for j, mark in enumerate(right) if j not in taken.values()]
    return pairs


def _shared(one: Mark, other: Mark) -> int:
    return sum(max(0, min(b, d) - max(a, c)) for a, b in one.spans for c, d in other.spans)


def _told(one: Mark, other: Mark, *, assertion: bool) -> Difference | None:
    """What the difference is, or None when there is none that counts."""
    moved, renamed = one.spans != other.spans, one.category != other.category
    kinds: dict[tuple[bool, bool], Kind] = {
        (True, True): "category and boundary",
        (True, False): "boundary",
        (False, True): "category",
    }
    if moved or renamed:
        return Difference(kind=kinds[moved, renamed], one=one, other=other)
    if assertion and one.assertion != other.assertion:
        return Difference(kind="assertion", one=one, other=other)
    return None


def confusions(compared: Iterable[Compared]) -> dict[tuple[str, str], int]:
    """How often one said one category where the other said another, or nothing (""); each two in order of name."""
    found: dict[tuple[str, str], int] = {}
    for each in (difference for one in compared for difference in one.differences):
        pair = sorted((_category(each.one), _category(each.other)))
        if pair[0] != pair[1]:
            found[pair[0], pair[1]] = found.get((pair[0], pair[1]), 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def kinds(compared: Sequence[Compared]) -> dict[Kind, int]:
    """How often each kind of difference occurs."""
    found: dict[Kind, int] = dict.fromkeys(("only", "category", "boundary", "category and boundary", "assertion"), 0)
    for each in (difference for one in compared for difference in one.differences):
        found[each.kind] += 1
    return {kind: count for kind, count in found.items() if count}


def _places(difference: Difference) -> list[tuple[str, Spans]]:
    """The same whichever side is called one."""
    return sorted((mark.category, mark.spans) for mark in (difference.one, difference.other) if mark)


def _category(mark: Mark | None) -> str:
    return mark.category if mark else ""
