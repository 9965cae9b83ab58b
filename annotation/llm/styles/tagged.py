"""Answers that give the text again, with the entities in tags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from annotation.llm.reading import NotReadError, Quote, Reading, storable, value_of
from annotation.llm.styles.document_labels import label_schema, read_labels, read_only_labels
from annotation.llm.styles.style import size
from curation.models.bounded_schema import Schema, bounded_string, closed_object
from curation.models.tolerant_json import Decode, decode_plain, read_object
from curation.record import Layer
from curation.scheme import Category, Scheme
from curation.views.forms import given_labels, in_order
from curation.views.tagged_text import read_tags

#: How much longer a text may be with its tags.
LONGER = 4


@dataclass(frozen=True, slots=True)
class TaggedStyle:
    """The text with tags around each entity, all categories at once."""

    def parts(self, scheme: Scheme) -> Sequence[Category | None]:
        """Everything at once."""
        return (None,)

    def schema(self, scheme: Scheme, category: Category | None, characters: int) -> Schema:
        """The text, and the labels where the scheme has them."""
        parts: dict[str, Schema] = {"text": bounded_string(LONGER * size(characters))} if scheme.categories else {}
        return closed_object(parts | ({"labels": label_schema(scheme)} if scheme.labels else {}))

    def read(self, text: str, scheme: Scheme, category: Category | None, *, decode: Decode = decode_plain) -> Reading:
        """The wordings in tags, each with the text after it where it stands several times; a tag without its other half
        is left out and counted.

        Raises NotReadError where there is no text.
        """
        content, repaired = read_object(
            text, lambda found: bool({"text", "labels"} & found.keys()), list_key="entities", decode=decode
        )
        if content is None:
            raise NotReadError("no object", "a JSON object")
        reading = Reading(repaired=repaired)
        marked = storable(value_of(content, "text", reading))
        if scheme.categories and marked is None:
            raise NotReadError("missing keys", "the text with tags")
        wordings, dropped = read_tags(marked or "", scheme.names)
        reading.dropped.update(dropped)
        for found in wordings:
            if (wording := storable(found.text)) is None:
                reading.dropped["without wording"] += 1
            else:
                reading.quotes.append(Quote(wording, found.category, found.assertion, evidence=found.proof))
        if scheme.labels:
            labels = value_of(content, "labels", reading)
            (read_labels if scheme.categories else read_only_labels)(labels, scheme, reading)
        return reading

    def answer(self, layer: Layer, scheme: Scheme, category: Category | None) -> str:
        """The layer's wordings alone in tags: an example has its text beside it, not in the layer."""
        marked = " … ".join(
            f"<{entity.category}>{entity.text}</{entity.category}>" for entity in in_order(layer.entities)
        )
        content: dict[str, JsonValue] = {"text": marked} if scheme.categories else {}
        if scheme.labels:
            content["labels"] = given_labels(layer, scheme)
        return json.dumps(content, ensure_ascii=False)
