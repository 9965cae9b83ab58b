"""The forms of an answer that a language model learns: the flat view, a list of entities, the text with tags.

Each has the prompt that asks for it (its style reads the answer), how the right answer is written, and how many
annotations of a layer it gives back where they stand. `FORMS` is the table.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from curation.record import Entity, Layer, Record
from curation.scheme import ABSENT, FACT_JOIN, EntityAttribute, Scheme
from curation.text.alignment import align
from curation.text.folding import Span
from curation.views.tagged_text import with_tags

FormName = Literal["flat", "entities", "tagged"]


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """The right answer about a record, and what becomes of its annotations.

    annotations: entities, relations and document labels; held: those that are read again where they stand. lost: not in
    the answer; changed: in it, and read again elsewhere.
    """

    text: str
    annotations: int
    held: int
    lost: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """One form: the prompt that asks for it, what the view is called, and the right answer of a record."""

    prompt: str
    view: str
    write: Callable[[Record, Layer, Scheme], WrittenAnswer | None]


def flat_answer(record: Record, layer: Layer, scheme: Scheme) -> WrittenAnswer:
    """One object with a string for each category and label. A wording that stands several times is told once, and found
    where it stands first."""
    held = Counter({True: len(layer.labels)})
    found: set[tuple[str, int]] = set()
    for entity in layer.entities:
        if scheme.counts(entity):
            start = record.text.find(entity.text)
            first = (entity.category, start)
            same = entity.spans == ((start, start + len(entity.text)),)
            held[same and FACT_JOIN not in entity.text and entity.text != ABSENT and first not in found] += 1
            found.add(first)
    changed = +Counter({"not where its wording is found first": held[False]})
    return WrittenAnswer(_json(scheme.flat(layer)), held.total(), held[True], changed=changed)


def entities_answer(record: Record, layer: Layer, scheme: Scheme) -> WrittenAnswer:
    """All entities in the order of the text with their assertions, the relations between them, and the labels."""
    content = entity_list(layer, scheme, linked=True)
    taken: dict[str, list[Span]] = defaultdict(list)
    hint = held = 0
    for entity in in_order(layer.entities):
        at = align(entity.text, record.text, hint=hint, taken=taken[entity.category])
        held += at.spans == entity.spans
        if at.spans:
            taken[entity.category] += at.spans
            hint = at.spans[-1][1]
    others = len(layer.labels) + (len(layer.relations) if _links(scheme) else 0)
    return WrittenAnswer(
        _json(content),
        len(layer.entities) + others,
        held + others,
        changed=+Counter({"not where its wording is found next": len(layer.entities) - held}),
    )


def tagged_answer(record: Record, layer: Layer, scheme: Scheme) -> WrittenAnswer | None:
    """The text with tags, and the labels; None for a text that has such tags itself."""
    marked, lost = with_tags(record.text, layer.entities, scheme.names)
    if marked is None:
        return None
    content: dict[str, JsonValue] = {"text": marked}
    if scheme.labels:
        content["labels"] = given_labels(layer, scheme)
    annotations = len(layer.entities) + len(layer.labels)
    return WrittenAnswer(_json(content), annotations, annotations - lost.total(), lost=lost)


def entity_list(layer: Layer, scheme: Scheme, *, linked: bool) -> dict[str, JsonValue]:
    """The entities in the order of the text, then relations and document labels where the scheme has them.

    linked: with the scheme's attributes and relations.
    """
    entities = in_order(layer.entities)
    number = {entity.id: index for index, entity in enumerate(entities, 1)}
    attributes = scheme.attributes if linked else ()
    links = linked and _links(scheme)
    listed = [({"id": number[entity.id]} if links else {}) | entity_example(entity, attributes) for entity in entities]
    content: dict[str, JsonValue] = {"entities": list(listed)} if scheme.categories else {}
    if links:
        content["relations"] = [
            {"type": relation.type, "head": number[relation.head], "tail": number[relation.tail]}
            for relation in layer.relations
        ]
    if scheme.labels:
        content["labels"] = given_labels(layer, scheme)
    return content


def entity_example(
    entity: Entity, attributes: Sequence[EntityAttribute], *, named: bool = True
) -> dict[str, JsonValue]:
    """An entity as it stands in the right answer."""
    found: dict[str, JsonValue] = {"text": entity.text}
    if named:
        found["category"] = entity.category
    found["assertion"] = entity.assertion.value
    if attributes:
        found["attributes"] = {
            attribute.name: entity.attributes.get(attribute.name, ABSENT) for attribute in attributes
        }
    return found


def given_labels(layer: Layer, scheme: Scheme) -> dict[str, JsonValue]:
    """The document labels that the layer has, in the scheme's order."""
    return {label.name: layer.labels[label.name] for label in scheme.labels if label.name in layer.labels}


def in_order(entities: Sequence[Entity]) -> list[Entity]:
    """The entities in the order of the text; those without a place first."""
    return sorted(entities, key=lambda entity: entity.spans)


def _links(scheme: Scheme) -> bool:
    return bool(scheme.relations and scheme.categories)


def _json(content: object) -> str:
    """As constrained decoding writes it: without white space between the parts."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


#: What `training.form` may name.
FORMS: dict[FormName, AnswerForm] = {
    "flat": AnswerForm("naive.v1", "chat with the flat view as the answer", flat_answer),
    "entities": AnswerForm("listed.v1", "chat with a list of entities as the answer", entities_answer),
    "tagged": AnswerForm("tagged.v1", "chat with the text in tags as the answer", tagged_answer),
}
