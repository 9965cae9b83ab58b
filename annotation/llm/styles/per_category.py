"""One question for each category, and one for the document labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from annotation.llm.reading import NotReadError, Reading, value_of, wordings
from annotation.llm.styles.document_labels import label_schema, read_only_labels
from annotation.llm.styles.entities import quote_schema, read_quotes
from annotation.llm.styles.style import most_items
from curation.models.bounded_schema import Schema, bounded_list, closed_object
from curation.models.tolerant_json import Decode, decode_plain, read_object
from curation.record import Layer
from curation.scheme import Category, Scheme
from curation.views.forms import entity_example

#: What stands for a wording in a sketch of an answer, or where there is none.
SKETCHES: tuple[object, ...] = (["..."], [None])


class PerCategoryStyle:
    """Quotes of one category at a time; relations, which are between them, are not asked for."""

    def parts(self, scheme: Scheme) -> Sequence[Category | None]:
        """Each category, then the document labels, where there are any."""
        return (*scheme.categories, *((None,) if scheme.labels else ()))

    def schema(self, scheme: Scheme, category: Category | None, characters: int) -> Schema:
        """A list of entities without their category, or the labels."""
        if category is None:
            return closed_object({"labels": label_schema(scheme)})
        entity = closed_object(quote_schema(scheme.attributes_of(category), characters))
        return closed_object({"entities": bounded_list(entity, most_items(characters))})

    def read(self, text: str, scheme: Scheme, category: Category | None, *, decode: Decode = decode_plain) -> Reading:
        """The quotes of the category, or the labels."""
        key = "labels" if category is None else "entities"
        content, repaired = read_object(text, lambda found: _fits(found, key), list_key=key, decode=decode)
        if content is None:
            raise NotReadError("no object", "a JSON object")
        reading = Reading(repaired=repaired)
        if category is None:
            read_only_labels(value_of(content, key, reading), scheme, reading)
        else:
            read_quotes(value_of(content, key, reading), scheme, reading, category=category)
        return reading

    def answer(self, layer: Layer, scheme: Scheme, category: Category | None) -> str:
        """The layer's entities of the category in the order of the text, or its labels."""
        if category is None:
            return json.dumps({"labels": layer.labels}, ensure_ascii=False)
        attributes = scheme.attributes_of(category)
        entities = sorted(layer.entities, key=lambda entity: entity.spans)
        listed = [
            entity_example(entity, attributes, named=False) for entity in entities if entity.category == category.name
        ]
        return json.dumps({"entities": listed}, ensure_ascii=False)


def _fits(content: Mapping[str, object], key: str) -> bool:
    """Whether an object is an answer, and no sketch of one such as {"entities": [{"text": "...", ...}]}."""
    value = value_of(content, key)
    if key == "labels":
        return isinstance(value, dict)
    return isinstance(value, list) and (
        not value
        or any(isinstance(entity, dict) and wordings(value_of(entity, "text")) not in SKETCHES for entity in value)
    )
