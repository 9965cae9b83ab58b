"""The map: entities in the plane that best shows how they differ, and those that lie far from their category."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.embeddings.encoder import Encoder
from curation.record import digest
from validation.measures.measure import Subject
from validation.measures.outliers import FEWEST, deviations

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: Entities on the map: more are neither seen nor needed; which, their ids decide.
MOST = 2_000
#: Median absolute deviations from which on an entity is far from its category (Iglewicz and Hoaglin 1993).
FAR = 3.5
#: Outliers that are listed, the farthest first.
LISTED = 25


@dataclass(frozen=True, slots=True)
class Point:
    """An entity on the map; `far` counts the deviations from its category, None where that has too few."""

    record_id: str
    entity_id: str
    category: str
    x: float
    y: float
    far: float | None

    @property
    def is_outlier(self) -> bool:
        """Whether it lies far from its category."""
        return self.far is not None and self.far >= FAR


@dataclass(frozen=True, slots=True)
class EmbeddingMap:
    """The points, the encoder that placed them, and the share of their variance that the plane shows."""

    encoder: str
    shown: float
    points: tuple[Point, ...]

    @property
    def outliers(self) -> list[Point]:
        """The farthest from their categories, the farthest first."""
        far = [point for point in self.points if point.is_outlier]
        return sorted(far, key=lambda point: -(point.far or 0))[:LISTED]


def embedding_map(subjects: Iterable[Subject], encoder: Encoder) -> EmbeddingMap | None:
    """The map of a sample of the subjects' entities; None when there are too few for a plane."""
    sample = _sample(subjects)
    if len(sample) < FEWEST:
        return None
    vectors = encoder.encode([text for *_, text in sample])
    plane, shown = _plane(vectors)
    far = deviations(vectors, [category for _, _, category, _ in sample])
    points = (
        Point(record_id, entity_id, category, round(float(x), 4), round(float(y), 4), distance)
        for (record_id, entity_id, category, _), (x, y), distance in zip(sample, plane, far, strict=True)
    )
    return EmbeddingMap(f"{encoder.name}, {encoder.revision[:12]}", round(shown, 4), tuple(points))


def _sample(subjects: Iterable[Subject]) -> list[tuple[str, str, str, str]]:
    """Record, id, category and wording of a sample that depends on the ids alone."""
    entities = (
        (digest([subject.record.id, entity.id]), (subject.record.id, entity.id, entity.category, entity.text))
        for subject in subjects
        for entity in (subject.layer.entities if subject.layer else ())
    )
    return [entity for _, entity in heapq.nsmallest(MOST, entities)]


def _plane(vectors: Vectors) -> tuple[Vectors, float]:
    """The two principal components, and their share of the variance."""
    import numpy as np

    centred = vectors - vectors.mean(axis=0)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    variance = strength**2
    return left[:, :2] * strength[:2], float(variance[:2].sum() / max(float(variance.sum()), 1e-12))
