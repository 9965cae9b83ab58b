"""The scheme's document labels: one choice for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import DOCUMENT_LABEL, TEXT
from annotation.label_studio.editor.variants.variant import EditorWording, Result
from annotation.label_studio.editor.wording import localised
from curation.errors import SchemeError
from curation.record import Layer, Record
from curation.scheme import Scheme


def controls(view: Element, foot: Element, scheme: Scheme, words: EditorWording) -> None:
    """The text and the document labels. Raises SchemeError where the scheme has no document labels."""
    if not scheme.labels:
        raise SchemeError(
            f"expected document labels in the scheme {scheme.name} for the variant classification, it has none; "
            "add them under `labels`, or choose another review.variant"
        )
    SubElement(view, "Text", name=TEXT, value=f"${TEXT}")
    document_labels(view, scheme, words)


def document_labels(view: Element, scheme: Scheme, words: EditorWording) -> None:
    """A choice for each document label."""
    for label in scheme.labels:
        SubElement(view, "Header", value=localised(label.definition, words.language) or label.name, size="5")
        name = DOCUMENT_LABEL + label.name
        choices = SubElement(view, "Choices", name=name, toName=TEXT, choice="single", showInline="true")
        for value in label.values:
            SubElement(choices, "Choice", value=value)


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """The document labels that the layer gives."""
    return list(shown_labels(layer, scheme))


def shown_labels(layer: Layer, scheme: Scheme) -> Iterator[dict[str, Any]]:
    """A part for each document label of the layer that is in the scheme."""
    for label in scheme.labels:
        value = layer.labels.get(label.name)
        if value in label.values:
            name = DOCUMENT_LABEL + label.name
            yield {
                "id": name,
                "from_name": name,
                "to_name": TEXT,
                "type": "choices",
                "value": {"choices": [value]},
            }
