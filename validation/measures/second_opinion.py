"""What other layers of a record have and the checked one lacks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from curation.record import Layer
from curation.scheme import Scheme
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, no_second_layer

if TYPE_CHECKING:
    from pydantic import JsonValue

SECOND_OPINION_MISSING = MeasureColumn(
    "second_opinion_missing", "facts of other layers that no entity of the checked one meets", lacks=no_second_layer
)
SECOND_OPINION_SHARE = MeasureColumn(
    "second_opinion_share", "their share of the facts of other layers", lacks=no_second_layer
)
CATEGORIES_MISSING = MeasureColumn(
    "categories_missing",
    "categories in which another layer has facts and the checked one has none",
    lacks=no_second_layer,
)
SECOND_OPINION_PLACES = MeasureColumn(
    "second_opinion_places",
    "where the facts of other layers stand that the checked one lacks",
    Holds.SPANS,
    kind="second_opinion",
)
CATEGORY_NAMES_MISSING = MeasureColumn("category_names_missing", "those categories", Holds.WORDS)

Span = tuple[int, int]


def missing(layer: Layer, other_layers: Sequence[Layer], covered: Sequence[Span], scheme: Scheme) -> Columns:
    """The facts of the other layers that no entity of the layer meets, and the categories of which it has none.

    covered: where the layer has entities, in order and apart. Facts with the same spans count once.
    """
    facts = {
        entity.spans
        for other_layer in other_layers
        for entity in other_layer.entities
        if entity.spans and scheme.counts(entity)
    }
    lacking = sorted(spans for spans in facts if not any(met(span, covered) for span in spans))
    absent = sorted(
        {name for other_layer in other_layers for name in _categories(other_layer, scheme)} - _categories(layer, scheme)
    )
    missed: list[JsonValue] = [[spans[0][0], spans[-1][1]] for spans in lacking]
    return {
        SECOND_OPINION_MISSING: len(lacking) if other_layers else None,
        SECOND_OPINION_SHARE: round(len(lacking) / len(facts), 4) if facts else None,
        CATEGORIES_MISSING: len(absent) if other_layers else None,
        SECOND_OPINION_PLACES: missed,
        CATEGORY_NAMES_MISSING: list(absent),
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
    index = bisect_right(covered, (span[1] - 1, 1 << 60)) - 1
    return index >= 0 and covered[index][1] > span[0]
