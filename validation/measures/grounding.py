"""Grounding: whether what a layer says stands in the text. What does not may be an invention."""

from __future__ import annotations

from collections.abc import Sequence

from curation.record import Alignment, Entity, Layer
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.structure import stands


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The share of entities found in each text, and those that were not."""
    fuzzy = scope.settings.grounding.fuzzy
    return [_row(subject.layer, subject.record.text, fuzzy) for subject in subjects if subject.layer]


def is_grounded(entity: Entity, text: str, *, fuzzy: float) -> bool:
    """Whether an entity stands in the text: exactly, folded, or at least as similar as `fuzzy`."""
    if entity.alignment is Alignment.NONE or not stands(entity, text):
        return False
    return entity.alignment is not Alignment.FUZZY or entity.alignment_score >= fuzzy


def _row(layer: Layer, text: str, fuzzy: float) -> Columns:
    lost = [entity.id for entity in layer.entities if not is_grounded(entity, text, fuzzy=fuzzy)]
    total = len(layer.entities)
    return {
        "grounding_ratio": round(1 - len(lost) / total, 4) if total else None,
        "ungrounded": len(lost),
        "ungrounded_entities": list(lost),
    }


GROUNDING = MeasureSpec(
    name="grounding",
    version=1,
    measure=measure,
    needs_layer=True,
    lists=frozenset({"ungrounded_entities"}),
    columns={
        "grounding_ratio": "share of the entities that stand in the text",
        "ungrounded": "entities that do not",
        "ungrounded_entities": "their ids",
    },
)
