"""The scheme as JSON Schema (draft 2020-12): what a row of `curate export jsonl` may hold, and what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from curation.record import Alignment, Assertion
from curation.scheme import ABSENT, Category, EntityAttribute, Scheme

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: What the schema has of the scheme that JSON Schema has no word for.
BEYOND = "x-codebook"
Json = dict[str, Any]


def codebook(scheme: Scheme) -> Json:
    """The schema, with definitions, boundaries, examples, keys and colours beside each name."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:clincurate:scheme:{scheme.digest}",
        "title": scheme.name,
        "description": "A record that was annotated in this scheme, as `curate export jsonl` writes it",
        BEYOND: {
            "name": scheme.name,
            "version": scheme.version,
            "digest": scheme.digest,
            "languages": list(scheme.languages),
        },
        "type": "object",
        "required": ["text", "entities", "relations", "labels"],
        "properties": {
            "text": {"type": "string"},
            "language": {"type": "string", "examples": list(scheme.languages)},
            "entities": {"type": "array", "items": {"$ref": "#/$defs/entity"}},
            "relations": {"type": "array", "items": {"$ref": "#/$defs/relation"}},
            "labels": {"type": "array", "items": {"$ref": "#/$defs/label"}},
            "summary": _summary(scheme),
        },
        "$defs": {
            "category": _one_of(_category(category, scheme.languages[0]) for category in scheme.categories),
            "assertion": {"enum": [assertion.value for assertion in Assertion]},
            "entity": _entity(scheme),
            "relation": _relation(scheme),
            "label": _one_of(_label(scheme)),
        },
    }


def _one_of(choices: Iterable[Json]) -> Json:
    """One of the choices; nothing fits where there are none."""
    listed = list(choices)
    return {"oneOf": listed} if listed else {"not": {}}


def _category(category: Category, language: str) -> Json:
    examples = _said(category.examples, language)
    return {
        "const": category.name,
        "title": _said(category.label, language),
        **_described(category.definition, language),
        **({"examples": list(examples)} if examples else {}),
        BEYOND: category.model_dump(mode="json", exclude={"name"}),
    }


def _entity(scheme: Scheme) -> Json:
    rules = [rule for attribute in scheme.attributes for rule in _attribute(attribute, scheme.languages[0])]
    position = {"type": "integer", "minimum": 0}
    fragment = {"type": "object", "required": ["start", "end"], "properties": {"start": position, "end": position}}
    return {
        "type": "object",
        "required": ["id", "category", "text", "fragments", "assertion"],
        "properties": {
            "id": {"type": "string"},
            "category": {"$ref": "#/$defs/category"},
            "text": {"type": "string", "minLength": 1},
            "fragments": {"type": "array", "items": fragment},
            "alignment": {"enum": [alignment.value for alignment in Alignment]},
            "assertion": {"$ref": "#/$defs/assertion"},
            "attributes": {"type": "array", "items": _pair()},
            "codes": {"type": "array", "items": {"type": "string"}},
            "score": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        },
        **({"allOf": rules} if rules else {}),
    }


def _pair() -> Json:
    return {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    }


def _attribute(attribute: EntityAttribute, language: str) -> list[Json]:
    """The values that an attribute may have, and the categories that may have it."""
    named = {"properties": {"name": {"const": attribute.name}}, "required": ["name"]}
    values = {"properties": {"value": {"enum": list(attribute.values)}}}
    rules: list[Json] = [
        {
            "title": attribute.name,
            **_described(attribute.definition, language),
            "properties": {"attributes": {"items": {"if": named, "then": values}}},
        }
    ]
    if attribute.categories:
        having = {"properties": {"attributes": {"contains": named}}, "required": ["attributes"]}
        rules.append({"if": having, "then": {"properties": {"category": {"enum": list(attribute.categories)}}}})
    return rules


def _relation(scheme: Scheme) -> Json:
    language = scheme.languages[0]
    types = _one_of(
        {
            "const": relation.name,
            **_described(relation.definition, language),
            BEYOND: relation.model_dump(mode="json", exclude={"name"}),
        }
        for relation in scheme.relations
    )
    texts = {name: {"type": "string"} for name in ("id", "head", "tail")}
    return {"type": "object", "required": ["id", "type", "head", "tail"], "properties": {**texts, "type": types}}


def _label(scheme: Scheme) -> Iterable[Json]:
    for label in scheme.labels:
        yield {
            "type": "object",
            "title": label.name,
            **_described(label.definition, scheme.languages[0]),
            "required": ["name", "value"],
            "properties": {"name": {"const": label.name}, "value": {"enum": list(label.values)}},
            BEYOND: label.model_dump(mode="json", exclude={"name", "values"}),
        }


def _summary(scheme: Scheme) -> Json:
    """The flat view: a string a category, one of its values a document label."""
    labels = {label.name: {"enum": [*label.values, ABSENT]} for label in scheme.labels}
    return {
        "type": "object",
        "properties": {**{name: {"type": "string"} for name in scheme.names}, **labels},
        "required": list(scheme.flat_keys),
        "additionalProperties": False,
    }


def _described(definition: Mapping[str, str], language: str) -> Json:
    said = _said(definition, language)
    return {"description": said} if said else {}


def _said(wordings: Mapping[str, Any], language: str) -> Any:
    return wordings.get(language) or wordings.get("en") or next(iter(wordings.values()), None)
