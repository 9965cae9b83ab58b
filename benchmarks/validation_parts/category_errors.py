"""Entities put into another category, searched by a model that learns from the other records."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from curation.embeddings.encoder import load_encoder
from curation.scheme import load_scheme
from validation.measures.categories import CategorisedEntity, doubtful
from validation.measures.outliers import distances
from validation.settings import CategorySettings
from validation_parts.error_planting import ErrorKind, Planted, PlantingCase, entities
from validation_parts.layer_errors import replaced


def swapped(case: PlantingCase, rng: Random) -> Planted | None:
    """One entity in any other category of the scheme."""
    if case.layer is None or not case.layer.entities:
        return None
    entity = rng.choice(case.layer.entities)
    category = rng.choice([name for name in load_scheme().names if name != entity.category])
    return Planted(replaced(case, entity, entity.model_copy(update={"category": category})), entity.id)


def _placed(cases: Sequence[PlantingCase]) -> list[CategorisedEntity]:
    """The entities of all cases, which are one set."""
    return [
        CategorisedEntity(case.record.id, case.record.group, entity.id, entity.category, entity.text)
        for case in cases
        for entity in (case.layer.entities if case.layer else ())
    ]


def doubted(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
    """The entities that are doubted, case by case."""
    return _by_case(cases, doubtful(_placed(cases), load_encoder(), CategorySettings().minimum))


def outlying(cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
    """The entities that lie far from their category, case by case."""
    placed = _placed(cases)
    far = zip(placed, distances(placed, load_encoder()), strict=True)
    return _by_case(cases, [doubt for doubt, by in far if by is not None and by >= CategorySettings().far])


def _by_case(cases: Sequence[PlantingCase], found: Sequence[CategorisedEntity]) -> list[frozenset[str]]:
    reported = {(doubt.record_id, doubt.entity_id) for doubt in found}
    return [frozenset(entity for entity in entities(case) if (case.record.id, entity) in reported) for case in cases]


KINDS: tuple[ErrorKind, ...] = (
    ErrorKind("swapped category", swapped, doubted, entities, recall=0.6, false_alarm=0.1),
    ErrorKind("swapped category, as an outlier", swapped, outlying, entities, recall=0.6, false_alarm=0.1),
)
