"""Entities put into another category, looked for by what the other records teach."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from curation.embeddings import load_encoder
from curation.scheme import load_scheme
from validation.measures.categories import Placed, doubtful
from validation.settings import CategorySettings
from validation_parts.layer_errors import replaced
from validation_parts.planting import Case, Kind, Planted, entities


def swapped(case: Case, rng: Random) -> Planted | None:
    """One entity in any other category of the scheme."""
    if case.layer is None or not case.layer.entities:
        return None
    entity = rng.choice(case.layer.entities)
    category = rng.choice([name for name in load_scheme().names if name != entity.category])
    return Planted(replaced(case, entity, entity.model_copy(update={"category": category})), entity.id)


def flags(cases: Sequence[Case]) -> list[frozenset[str]]:
    """The entities that are doubted, case by case; all cases are one set."""
    placed = [
        Placed(case.record.id, case.record.group, entity.id, entity.category, entity.text)
        for case in cases
        for entity in (case.layer.entities if case.layer else ())
    ]
    found = doubtful(placed, load_encoder(), CategorySettings().minimum)
    doubted = {(one.record_id, one.entity_id) for one in found}
    return [frozenset(entity for entity in entities(case) if (case.record.id, entity) in doubted) for case in cases]


KINDS: tuple[Kind, ...] = (Kind("swapped category", swapped, flags, entities, recall=0.6, false_alarm=0.1),)
