"""Marks in the text: a label for each category, an assertion for each mark, relations between marks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import CONTINUES, MAIN, Side
from annotation.label_studio.editor.variants.classification import document_labels, shown_labels
from annotation.label_studio.editor.variants.variant import Result, Words
from annotation.label_studio.editor.wording import ASSERTIONS, say
from curation.record import Assertion, Entity, Layer, Record
from curation.scheme import Scheme

#: Between an entity's id and the number of its fragment, from the second fragment on.
FRAGMENT = "~"


def controls(view: Element, scheme: Scheme, words: Words) -> None:
    """One text with its labels, assertions and relations, and the document labels."""
    labels(view, scheme, words, MAIN)
    text(view, MAIN)
    assertions(view, words, MAIN)
    relations(view, scheme)
    document_labels(view, scheme, words)


def labels(view: Element, scheme: Scheme, words: Words, side: Side) -> None:
    """The labels of a text; on the record's own text they have the scheme's keys."""
    SubElement(view, "Header", value=words.heading("labels"), size="5")
    # Smart: with Auto-Annotation on, the live back end is asked about what is marked.
    box = SubElement(view, "Labels", name=side.labels, toName=side.text, showInline="true", smart="true")
    for category in scheme.categories:
        hint = f"{say(category.label, words.language)}: {say(category.definition, words.language)}"
        hotkey = category.hotkey if side is MAIN else words.keys.take(_held(category.hotkey, side))
        SubElement(box, "Label", value=category.name, background=category.colour, hotkey=hotkey, hint=hint)


def text(view: Element, side: Side) -> None:
    """The text itself; words are marked whole."""
    SubElement(view, "Text", name=side.text, value=f"${side.text}", granularity="word", showLabels="true")


def assertions(view: Element, words: Words, side: Side) -> None:
    """What is said about the mark that is selected."""
    box = SubElement(view, "View", visibleWhen="region-selected")
    SubElement(box, "Header", value=words.heading("assertion"), size="5")
    choices = SubElement(
        box, "Choices", name=side.assertion, toName=side.text, perRegion="true", choice="single", showInline="true"
    )
    for value, (wish, hint) in ASSERTIONS.items():
        hotkey = words.keys.take(_held(wish, side))
        SubElement(choices, "Choice", value=value, hotkey=hotkey, hint=say(hint, words.language))


def _held(key: str, side: Side) -> str:
    """The key for the record's own text, the same with Shift for the other."""
    return key if side is MAIN else f"shift+{key}"


def relations(view: Element, scheme: Scheme) -> None:
    """The links that marks may have."""
    box = SubElement(view, "Relations")
    for name in (*(relation.name for relation in scheme.relations), CONTINUES):
        SubElement(box, "Relation", value=name)


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """Regions with their assertions, then relations, then document labels."""
    return [*marks(record, layer, scheme, MAIN), *shown_labels(layer, scheme)]


def marks(record: Record, layer: Layer, scheme: Scheme, side: Side) -> Result:
    """Regions of a text with their assertions, then relations; what was not found in the text has no place."""
    placed = {entity.id: entity for entity in layer.entities if entity.fragments}
    types = {relation.name for relation in scheme.relations}
    regions = [region for entity in placed.values() for region in _regions(record, entity, side)]
    links = [
        _relation(side.prefix + relation.head, side.prefix + relation.tail, relation.type)
        for relation in layer.relations
        if relation.type in types and relation.head in placed and relation.tail in placed
    ]
    return [*regions, *links]


def _regions(record: Record, entity: Entity, side: Side) -> Iterator[dict[str, Any]]:
    id = side.prefix + entity.id
    ids = [id, *(f"{id}{FRAGMENT}{number}" for number in range(2, len(entity.fragments) + 1))]
    for one, (start, end) in zip(ids, entity.spans, strict=True):
        place = {"start": start, "end": end, "text": record.text[start:end]}
        region: dict[str, Any] = {
            "id": one,
            "from_name": side.labels,
            "to_name": side.text,
            "type": "labels",
            "value": place | {"labels": [entity.category]},
        }
        if entity.score is not None:
            region["score"] = entity.score
        yield region
    if entity.assertion is not Assertion.PRESENT:
        start, end = entity.spans[0]
        yield {
            "id": id,
            "from_name": side.assertion,
            "to_name": side.text,
            "type": "choices",
            "value": {"start": start, "end": end, "choices": [entity.assertion.value]},
        }
    for head, tail in pairwise(ids):
        yield _relation(head, tail, CONTINUES)


def _relation(head: str, tail: str, type: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": [type]}
