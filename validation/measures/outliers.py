"""Outliers: entities that lie far from the others of their category in the space of the sentence encoder.

The distance is the cosine distance to the mean of the category, counted in robust deviations from the median
distance (modified z-score, Iglewicz and Hoaglin 1993). The vectors are those of `categories` and of the report's
map: nothing is encoded twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from curation.decision import DecisionKind
from validation.measures.categories import CategorisedEntity, placed_entities
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole, embeddings_off
from validation.measures.rule import Rule
from validation.settings import Severity

if TYPE_CHECKING:
    from curation.embeddings.encoder import Encoder, Vectors

#: A category with fewer entities has no outliers.
FEWEST = 8


CATEGORY_OUTLIERS = MeasureColumn("category_outliers", "entities that lie far from the others of their category")
FARTHEST_FROM_CATEGORY = MeasureColumn(
    "farthest_from_category", "most robust deviations of an entity from its category"
)
CATEGORY_OUTLIER_ENTITIES = MeasureColumn(
    "category_outlier_entities", "the ids of those far away, the farthest first", Holds.ENTITY_IDS
)


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The outliers of each record that has an entity of a category with enough of them."""
    settings = whole.scope.settings
    placed = placed_entities(whole)
    rows: dict[str, list[tuple[float, CategorisedEntity]]] = defaultdict(list)
    for entity, far in zip(placed, distances(placed, whole.scope.encoder), strict=True):
        if far is not None:
            rows[entity.record_id].append((far, entity))
    return {record_id: _row(found, settings.categories.far) for record_id, found in rows.items()}


def _row(found: Sequence[tuple[float, CategorisedEntity]], limit: float) -> Columns:
    beyond = sorted(((far, entity.entity_id) for far, entity in found if far >= limit), reverse=True)
    return {
        CATEGORY_OUTLIERS: len(beyond),
        FARTHEST_FROM_CATEGORY: max((far for far, _ in found), default=None),
        CATEGORY_OUTLIER_ENTITIES: [entity_id for _, entity_id in beyond],
    }


def distances(placed: Sequence[CategorisedEntity], encoder: Encoder) -> list[float | None]:
    """How far each entity lies from its category; None where the category has too few."""
    if not placed:
        return []
    return deviations(encoder.encode([entity.text for entity in placed]), [entity.category for entity in placed])


def deviations(vectors: Vectors, categories: Sequence[str]) -> list[float | None]:
    """Robust z-scores of the cosine distance between each vector and the mean of its category."""
    import numpy as np

    rows: dict[str, list[int]] = defaultdict(list)
    for row, category in enumerate(categories):
        rows[category].append(row)
    far: list[float | None] = [None] * len(categories)
    for members in rows.values():
        if len(members) < FEWEST:
            continue
        centre = vectors[members].mean(axis=0)
        distance = 1 - vectors[members] @ (centre / max(float(np.linalg.norm(centre)), 1e-12))
        median = np.median(distance)
        spread = float(np.median(np.abs(distance - median)))
        for row, score in zip(members, 0.6745 * (distance - median) / max(spread, 1e-3), strict=True):
            far[row] = round(float(score), 2)
    return far


OUTLIERS = MeasureSpec(
    name="outliers",
    version=2,
    of=DecisionKind.LAYER,
    columns=(CATEGORY_OUTLIERS, FARTHEST_FROM_CATEGORY, CATEGORY_OUTLIER_ENTITIES),
    rules=(
        Rule(
            "entities_near_their_category",
            CATEGORY_OUTLIERS,
            "No entity lies far from the others of its category.",
            severity=Severity.OFF,
            beside=(CATEGORY_OUTLIER_ENTITIES,),
        ),
    ),
    settings=("categories.far", "similarity.enabled", "similarity.encoder"),
    lacks=embeddings_off,
    over=measure,
)
