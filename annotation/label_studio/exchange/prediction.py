"""A layer as a Label Studio prediction."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from annotation.label_studio.editor.controls import ORIGINAL
from annotation.label_studio.editor.variants import VARIANTS
from annotation.label_studio.editor.variants.spans import marks
from annotation.label_studio.settings import Variant
from curation.record import Layer, Record
from curation.scheme import Scheme


def prediction(
    record: Record,
    layer: Layer,
    scheme: Scheme,
    *,
    variant: Variant = Variant.SPANS,
    beside: tuple[Record, Layer] | None = None,
) -> dict[str, Any]:
    """The layer as a prediction: its author as the model version, a score for each region that has one.

    Entities without fragments cannot be shown as regions and are left out. ``beside`` is the original with its
    layer, shown beside a translation.
    """
    result = VARIANTS[variant].result(record, layer, scheme)
    if beside is not None:
        result += marks(*beside, scheme, ORIGINAL)
    scores = [entity.score for entity in layer.entities if entity.fragments and entity.score is not None]
    made: dict[str, Any] = {"model_version": layer.author, "result": result}
    if scores:
        made["score"] = round(fmean(scores), 6)
    return made
