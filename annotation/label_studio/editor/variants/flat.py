"""The flat view: the facts of each category as lines that can be changed, removed and added."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import FACTS, TEXT
from annotation.label_studio.editor.variants.variant import EditorWording, Result
from annotation.label_studio.editor.wording import localised
from curation.errors import SchemeError
from curation.record import Layer, Record
from curation.scheme import ABSENT, FACT_JOIN, Scheme

COLUMNS = "display:flex;gap:24px;align-items:flex-start"
READ, WRITE = "flex:1 1 0;min-width:0;position:sticky;top:0", "flex:1 1 0;min-width:0"


def controls(view: Element, foot: Element, scheme: Scheme, words: EditorWording) -> None:
    """The text, and beside it a list of lines for each category. Raises SchemeError where the scheme has none."""
    if not scheme.categories:
        raise SchemeError(
            f"expected categories in the scheme {scheme.name} for the variant flat, it has none; "
            "choose the variant classification in review.variant"
        )
    columns = SubElement(view, "View", style=COLUMNS)
    SubElement(SubElement(columns, "View", style=READ), "Text", name=TEXT, value=f"${TEXT}")
    write = SubElement(columns, "View", style=WRITE)
    SubElement(write, "Header", value=words.heading("facts"), size="5")
    for category in scheme.categories:
        SubElement(write, "Header", value=localised(category.label, words.language), size="6")
        SubElement(
            write,
            "TextArea",
            name=FACTS + category.name,
            toName=TEXT,
            rows="1",
            editable="true",
            placeholder=localised(category.definition, words.language),
        )


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """The lines of each category that has any."""
    return [
        {
            "id": FACTS + category,
            "from_name": FACTS + category,
            "to_name": TEXT,
            "type": "textarea",
            "value": {"text": facts.split(FACT_JOIN)},
        }
        for category, facts in scheme.flat(layer).items()
        if category in scheme.by_name and facts != ABSENT
    ]
