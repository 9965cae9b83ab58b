"""The score of plain scripts, to stand beside theirs."""

from __future__ import annotations

from collections.abc import Sequence

from curation.record import Layer


def exact_f1(gold: Sequence[Layer], predicted: Sequence[Layer | None]) -> float:
    """The F1 of the sets of exact strings of all records, as plain scripts count it."""
    sides = [
        {
            (layer.record_id, entity.category, entity.text)
            for layer in layers
            if layer is not None
            for entity in layer.entities
        }
        for layers in (gold, predicted)
    ]
    return 2 * len(sides[0] & sides[1]) / max(1, len(sides[0]) + len(sides[1]))
