"""The table of the editor's variants: what people see of a record, and what they answer.

Each variant makes the controls of the label config, and the parts of a prediction that show a layer.
To add one: a file, a line here, and a value of `Variant`.
"""

from __future__ import annotations

from annotation.label_studio.editor.variants import classification, flat, side_by_side, spans, translation
from annotation.label_studio.editor.variants.variant import LabelingInterface
from annotation.label_studio.settings import Variant

VARIANTS: dict[Variant, LabelingInterface] = {
    Variant.SPANS: LabelingInterface(spans.controls, spans.result),
    Variant.SIDE_BY_SIDE: LabelingInterface(side_by_side.controls, spans.result),
    Variant.TRANSLATION: LabelingInterface(translation.controls, translation.result),
    Variant.CLASSIFICATION: LabelingInterface(classification.controls, classification.result),
    Variant.FLAT: LabelingInterface(flat.controls, flat.result),
}

__all__ = ["VARIANTS"]
