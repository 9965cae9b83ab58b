"""A translation beside its original; each text has its own labels and assertions."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import MAIN, ORIGINAL, EditorSide
from annotation.label_studio.editor.variants.classification import document_labels
from annotation.label_studio.editor.variants.spans import assertions, labels, relations, text
from annotation.label_studio.editor.variants.variant import EditorWording
from curation.scheme import Scheme

COLUMNS = "display:flex;gap:24px;align-items:flex-start"
COLUMN = "flex:1 1 0;min-width:0"


def controls(view: Element, foot: Element, scheme: Scheme, words: EditorWording) -> None:
    """Two columns, the record's text first."""
    columns = SubElement(view, "View", style=COLUMNS)
    for side, heading in ((MAIN, "translation"), (ORIGINAL, "original")):
        _column(columns, scheme, words, side, heading)
    relations(view, scheme)
    document_labels(view, scheme, words)


def _column(columns: Element, scheme: Scheme, words: EditorWording, side: EditorSide, heading: str) -> None:
    column = SubElement(columns, "View", style=COLUMN)
    SubElement(column, "Header", value=words.heading(heading), size="4")
    labels(column, scheme, words, side)
    text(column, side)
    assertions(column, words, side)
