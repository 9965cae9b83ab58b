"""What people see of a record and answer: the table of the editor's variants. A new one is a file and a line.

Each gives the controls that it puts into the label config, and what of a layer it shows as a prediction.
"""

from __future__ import annotations

from annotation.label_studio.editor.variants import classification, flat, side_by_side, spans
from annotation.label_studio.editor.variants.variant import Form
from annotation.label_studio.settings import Variant

VARIANTS: dict[Variant, Form] = {
    Variant.SPANS: Form(spans.controls, spans.result),
    Variant.SIDE_BY_SIDE: Form(side_by_side.controls, spans.result),
    Variant.CLASSIFICATION: Form(classification.controls, classification.result),
    Variant.FLAT: Form(flat.controls, flat.result),
}

__all__ = ["VARIANTS"]
