"""Regions in the text: a label for each category, an assertion for each region, relations between regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from annotation.label_studio.editor.controls import CONTINUES, MAIN, EditorSide
from annotation.label_studio.editor.hotkeys import hotkey_attribute
from annotation.label_studio.editor.places import AT_TOP, LINE, ROW
from annotation.label_studio.editor.variants.classification import document_labels, shown_labels
from annotation.label_studio.editor.variants.variant import EditorWording, Result
from annotation.label_studio.editor.wording import ASSERTIONS, localised, title
from curation.record import Assertion, Entity, Layer, Record
from curation.scheme import Scheme

#: Between an entity's id and the number of its fragment, from the second fragment on.
FRAGMENT = "--"


def controls(view: Element, foot: Element, scheme: Scheme, words: EditorWording) -> None:
    """One text with its labels, assertions and relations, and the document labels.

    Of a scheme without categories, the text and the document labels only.
    """
    if scheme.categories:
        labels(SubElement(view, "View", className=AT_TOP), scheme, words, MAIN)
    text(view, MAIN)
    if scheme.categories:
        assertions(foot, words, MAIN)
        relations(view, scheme)
    document_labels(view, scheme, words)


def labels(view: Element, scheme: Scheme, words: EditorWording, side: EditorSide) -> None:
    """The labels of a text; on the record's own text they have the scheme's keys."""
    SubElement(SubElement(view, "View", className=LINE), "Header", value=words.heading("labels"), size="5")
    # Smart: with Auto-Annotation on, Label Studio sends each new region to the live back end.
    box = SubElement(view, "Labels", name=side.labels, toName=side.text, showInline="true", smart="true")
    titles = category_titles(scheme, words.language)
    for category in scheme.categories:
        hint = f"{localised(category.label, words.language)}: {localised(category.definition, words.language)}"
        hotkey = category.hotkey
        if hotkey is not None and side is not MAIN:
            hotkey = words.keys.take(_key_of_side(hotkey, side))
        # The alias is what results hold: they are the same in every language.
        shown = {"value": titles[category.name], "alias": category.name, "background": category.colour}
        SubElement(box, "Label", shown | hotkey_attribute(hotkey), hint=hint)


def category_titles(scheme: Scheme, language: str) -> dict[str, str]:
    """What each category is called on the page: its label, with its name where that alone would be ambiguous."""
    labels = {category.name: localised(category.label, language) or category.name for category in scheme.categories}
    taken = Counter([*labels.values(), *(name for name, label in labels.items() if name != label)])
    return {name: label if taken[label] == 1 else f"{label} ({name})" for name, label in labels.items()}


def text(view: Element, side: EditorSide) -> None:
    """The text; a selection is extended to whole words."""
    SubElement(view, "Text", name=side.text, value=f"${side.text}", granularity="word", showLabels="true")


def assertions(view: Element, words: EditorWording, side: EditorSide) -> None:
    """The assertions of the selected region."""
    box = SubElement(SubElement(view, "View", visibleWhen="region-selected"), "View", className=ROW)
    SubElement(box, "Header", value=words.heading("assertion"), size="5")
    choices = SubElement(
        box, "Choices", name=side.assertion, toName=side.text, perRegion="true", choice="single", showInline="true"
    )
    for value, (preferred, hint) in ASSERTIONS.items():
        hotkey = words.keys.take(_key_of_side(preferred, side))
        shown = {"value": title(value, words.language), "alias": value} | hotkey_attribute(hotkey)
        SubElement(choices, "Choice", shown, hint=localised(hint, words.language))


def _key_of_side(key: str, side: EditorSide) -> str:
    """The key itself on the record's own text, with Shift on the original."""
    return key if side is MAIN else f"shift+{key}"


def relations(view: Element, scheme: Scheme) -> None:
    """The relations that regions may have."""
    box = SubElement(view, "Relations")
    for name in (*(relation.name for relation in scheme.relations), CONTINUES):
        SubElement(box, "Relation", value=name)


def result(record: Record, layer: Layer, scheme: Scheme) -> Result:
    """Regions with their assertions, then relations, then document labels."""
    return [*marks(record, layer, scheme, MAIN), *shown_labels(layer, scheme)]


def marks(
    record: Record,
    layer: Layer,
    scheme: Scheme,
    side: EditorSide,
    *,
    prefixes: Mapping[str, str] = MappingProxyType({}),
) -> Result:
    """Regions of a text with their assertions, then relations; entities without fragments are left out.

    prefixes: what stands before the ids of entities beside the side's own prefix.
    """
    located = {entity.id: entity for entity in layer.entities if entity.fragments}
    types = {relation.name for relation in scheme.relations}
    ids = {id: side.prefix + prefixes.get(id, "") + id for id in located}
    regions = [region for entity in located.values() for region in _regions(record, entity, ids[entity.id], side)]
    links = [
        _relation(ids[relation.head], ids[relation.tail], relation.type)
        for relation in layer.relations
        if relation.type in types and relation.head in located and relation.tail in located
    ]
    return [*regions, *links]


def _regions(record: Record, entity: Entity, id: str, side: EditorSide) -> Iterator[dict[str, Any]]:
    ids = [id, *(f"{id}{FRAGMENT}{number}" for number in range(2, len(entity.fragments) + 1))]
    for region_id, (start, end) in zip(ids, entity.spans, strict=True):
        span = {"start": start, "end": end, "text": record.text[start:end]}
        region: dict[str, Any] = {
            "id": region_id,
            "from_name": side.labels,
            "to_name": side.text,
            "type": "labels",
            "value": span | {"labels": [entity.category]},
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
