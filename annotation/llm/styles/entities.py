"""Answers that quote: a list of entities, with their attributes and relations, and document labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.llm.assertions import assertion_of
from annotation.llm.reading import (
    Link,
    NotReadError,
    Quote,
    Reading,
    known_name,
    parts_of,
    storable,
    the_only,
    value_of,
)
from annotation.llm.styles.document_labels import label_schema, read_labels, read_only_labels
from annotation.llm.styles.style import longest_quote, most_items
from curation.models.bounded_schema import Schema, bounded_list, bounded_string, closed_object, one_of
from curation.models.placed_json import spans_of
from curation.models.tolerant_json import Decode, decode_plain, read_object
from curation.record import Assertion, Layer
from curation.scheme import ABSENT, Category, EntityAttribute, Scheme
from curation.views.forms import entity_list


@dataclass(frozen=True, slots=True)
class EntitiesStyle:
    """All categories in one question; each entity by its quote, its category and its assertion.

    linked: whether the prompt asks for the scheme's attributes and relations too.
    """

    linked: bool = False

    def parts(self, scheme: Scheme) -> Sequence[Category | None]:
        """Everything at once."""
        return (None,)

    def schema(self, scheme: Scheme, category: Category | None, characters: int) -> Schema:
        """A list of entities, then relations and labels where the scheme has them."""
        most = most_items(characters)
        number: Schema = {"type": "integer", "minimum": 1, "maximum": most}
        entity = {"id": number} if self._links(scheme) else {}
        entity |= quote_schema(scheme.attributes if self.linked else (), characters, names=scheme.names)
        # A list of no categories is no valid schema.
        parts = {"entities": bounded_list(closed_object(entity), most)} if scheme.categories else {}
        if self._links(scheme):
            names = [relation.name for relation in scheme.relations]
            parts["relations"] = bounded_list(
                closed_object({"type": one_of(names), "head": number, "tail": number}), most
            )
        if scheme.labels:
            parts["labels"] = label_schema(scheme)
        return closed_object(parts)

    def read(self, text: str, scheme: Scheme, category: Category | None, *, decode: Decode = decode_plain) -> Reading:
        """What the answer says.

        Raises NotReadError where there is no list of entities, or nothing of a non-empty one can be used: that is
        another thing than a record without information.
        """
        names = category_names(scheme)
        content, repaired = read_object(
            text, lambda found: fits(found, names, scheme), list_key="entities", decode=decode
        )
        if content is None:
            raise NotReadError("no object", "a JSON object")
        reading = Reading(repaired=repaired)
        entities = value_of(content, "entities", reading)
        numbers = read_quotes([] if entities is None and not scheme.categories else entities, scheme, reading)
        if scheme.relations and scheme.categories:
            relations = value_of(content, "relations", reading)
            if isinstance(relations, list):
                read_links(relations, numbers, scheme, reading)
            elif self.linked and len(reading.quotes) > 1:
                reading.dropped["no list of relations"] += 1
        labels = value_of(content, "labels", reading)
        (read_labels if scheme.categories else read_only_labels)(labels, scheme, reading)
        return reading

    def answer(self, layer: Layer, scheme: Scheme, category: Category | None) -> str:
        """The layer's entities in the order of the text."""
        return json.dumps(entity_list(layer, scheme, linked=self.linked), ensure_ascii=False)

    def _links(self, scheme: Scheme) -> bool:
        return self.linked and bool(scheme.relations and scheme.categories)


def quote_schema(
    attributes: Sequence[EntityAttribute], characters: int, *, names: Sequence[str] = ()
) -> dict[str, Schema]:
    """The properties of one entity; without names, its category is known."""
    properties = {"text": bounded_string(longest_quote(characters))}
    if names:
        properties["category"] = one_of(names)
    properties["assertion"] = one_of([assertion.value for assertion in Assertion])
    if attributes:
        properties["attributes"] = closed_object(
            {attribute.name: one_of([*attribute.values, ABSENT]) for attribute in attributes}
        )
    return properties


def category_names(scheme: Scheme) -> dict[str, Sequence[str]]:
    """The categories, each with the other names that people have for it."""
    return {category.name: list(category.label.values()) for category in scheme.categories}


def fits(content: Mapping[str, object], names: Mapping[str, Sequence[str]], scheme: Scheme) -> bool:
    """Whether an object is an answer, and no sketch of one such as {"entities": [{"text": "...", ...}]}."""
    entities = value_of(content, "entities")
    if not scheme.categories:
        return isinstance(value_of(content, "labels"), dict)
    return isinstance(entities, list) and (
        not entities or any(isinstance(entity, dict) and _category(entity, names) for entity in entities)
    )


def _category(entity: Mapping[str, object], names: Mapping[str, Sequence[str]]) -> str | None:
    return known_name(the_only(value_of(entity, "category")), names)


def read_quotes(
    entities: object, scheme: Scheme, reading: Reading, *, category: Category | None = None
) -> list[tuple[str, int]]:
    """Adds the quotes of a list to a reading; the number that the model gave to each, with its place there.

    category: the one that was asked about, which the answer need not name.
    """
    if not isinstance(entities, list):
        raise NotReadError("no list", "a list of entities")
    numbers: list[tuple[str, int]] = []
    names = category_names(scheme)
    for entity in entities:
        for quote in _quotes(entity, scheme, names, category, reading):
            numbers.append((str(value_of(entity, "id") or "").strip(), len(reading.quotes)))
            reading.quotes.append(quote)
    if entities and not reading.quotes:
        raise NotReadError("nothing usable", "entities with a text, a category of the scheme and an assertion")
    return numbers


def _quotes(
    entity: object, scheme: Scheme, names: Mapping[str, Sequence[str]], category: Category | None, reading: Reading
) -> list[Quote]:
    """The quotes of an entity, one for each wording; what is left out is counted."""
    dropped = reading.dropped
    if not isinstance(entity, dict):
        dropped["not an object"] += 1
        return []
    given = value_of(entity, "text", reading)
    parts = parts_of(given)
    texts = [(text, spans_of(part, [text])[0]) for part in parts if (text := storable(part)) is not None]
    if len(texts) < len(parts):
        dropped["without wording"] += len(parts) - len(texts)
    if not texts:
        return []
    if isinstance(given, list):
        reading.read_as["a list of wordings"] += 1
    named = the_only(value_of(entity, "category", reading))
    spoken = named or (category.name if category else None)
    known = isinstance(spoken, str) and spoken in scheme.by_name
    name = str(spoken) if known else known_name(spoken, names)
    if name is None or (category is not None and name != category.name):
        dropped["unknown category" if name is None else "another category than asked about"] += 1
        return []
    assertion, read_as = assertion_of(entity, reading)
    if assertion is None:
        # Not kept as present: what the model denies in a word that is not known would become a finding.
        dropped["unknown assertion"] += 1
        return []
    if read_as:
        reading.read_as[read_as] += 1
    if name != spoken:
        reading.read_as["another name of a category"] += 1
    attributes = _attributes(value_of(entity, "attributes", reading), name, scheme, dropped)
    return [Quote(text, name, assertion, attributes, said=said) for text, said in texts]


def _attributes(values: object, category: str, scheme: Scheme, dropped: Counter[str]) -> dict[str, str]:
    """The attributes that the scheme has for a category, with values that it has."""
    found: dict[str, str] = {}
    if not isinstance(values, dict):
        return found
    known = {attribute.name: attribute for attribute in scheme.attributes}
    for spoken, value in values.items():
        if value in (ABSENT, None, ""):
            continue
        name = known_name(spoken, dict.fromkeys(known, ()))
        meant = known_name(value, dict.fromkeys(known[name].values, ())) if name else None
        if name is None or meant is None or found.get(name, meant) != meant:
            dropped["unknown attribute"] += 1
        elif known[name].categories and category not in known[name].categories:
            dropped["attribute of other categories"] += 1
        else:
            found[name] = meant
    return found


def read_links(
    relations: Sequence[object], numbers: Sequence[tuple[str, int]], scheme: Scheme, reading: Reading
) -> None:
    """Adds the relations of a list to a reading; those that are no relations of the scheme are left out and counted."""
    types = {relation.name: relation for relation in scheme.relations}
    found: dict[Link, None] = {}
    for relation in relations:
        given = relation if isinstance(relation, dict) else {}
        name = known_name(value_of(given, "type"), dict.fromkeys(types, ()))
        head, tail = (_place(value_of(given, end), numbers, reading) for end in ("head", "tail"))
        if name is None:
            reading.dropped["unknown relation"] += 1
        elif head is None or tail is None or head == tail:
            reading.dropped["relation of unclear entities"] += 1
        elif not (
            _allowed(reading.quotes[head], types[name].heads) and _allowed(reading.quotes[tail], types[name].tails)
        ):
            reading.dropped["relation between other categories"] += 1
        else:
            found[Link(name, head, tail)] = None
    reading.links += found


def _place(spoken: object, numbers: Sequence[tuple[str, int]], reading: Reading) -> int | None:
    """The place of the quote that a relation names by its number or, where only one has it, by its wording."""
    if not isinstance(spoken, str | int) or isinstance(spoken, bool):
        return None
    word = str(spoken).strip()
    places = [place for number, place in numbers if number and number == word]
    places = places or [place for _, place in numbers if reading.quotes[place].text == word]
    return places[0] if len(places) == 1 else None


def _allowed(quote: Quote, categories: Sequence[str]) -> bool:
    return not categories or quote.category in categories
