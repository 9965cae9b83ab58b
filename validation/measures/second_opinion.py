"""What other layers of a record have and the checked one lacks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from curation.record import Layer
from curation.scheme import Scheme
from validation.measures.measure import Columns

if TYPE_CHECKING:
    from pydantic import JsonValue

Span = tuple[int, int]


def missing(layer: Layer, others: Sequence[Layer], covered: Sequence[Span], scheme: Scheme) -> Columns:
    """The facts of the others that no entity of the layer meets, and the categories of which it has none.

    covered: where the layer has entities, in order and apart. Facts at one place are one, whoever says so.
    """
    facts = {entity.spans for other in others for entity in other.entities if entity.spans and scheme.counts(entity)}
    lacking = sorted(spans for spans in facts if not any(met(span, covered) for span in spans))
    absent = sorted({name for other in others for name in _categories(other, scheme)} - _categories(layer, scheme))
    places: list[JsonValue] = [[spans[0][0], spans[-1][1]] for spans in lacking]
    return {
        "second_opinion_missing": len(lacking) if others else None,
        "second_opinion_share": round(len(lacking) / len(facts), 4) if facts else None,
        "categories_missing": len(absent) if others else None,
        "second_opinion_places": places,
        "category_names_missing": list(absent),
    }


def _categories(layer: Layer, scheme: Scheme) -> set[str]:
    """The categories in which a layer says something."""
    return {entity.category for entity in layer.entities if scheme.counts(entity)}


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def met(span: Span, covered: Sequence[Span]) -> bool:
    """Whether an entity reaches into the span."""
    place = bisect_right(covered, (span[1] - 1, 1 << 60)) - 1
    return place >= 0 and covered[place][1] > span[0]
