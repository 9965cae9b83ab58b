"""The scheme: categories with their definitions, and everything else that is made from it."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from curation.errors import SchemeError
from curation.record import Assertion, Entity, Frozen, Layer, digest

#: The fifteen-category scheme that ships with the product.
DEFAULT_SCHEME = Path(__file__).with_name("scheme.yaml")

#: How an absent category reads in the flat view, and what joins several facts.
ABSENT = "N/A"
FACT_JOIN = "; "

HEX_COLOUR = re.compile(r"#[0-9a-f]{6}")

Localised = dict[str, str]


class Category(Frozen):
    """One category, in the words of people and in the colours of the editor."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    label: Localised
    definition: Localised
    boundary: Localised = Field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    colour: str
    hotkey: str = Field(min_length=1, max_length=1)
    #: Assertions with which an entity counts as information in the flat view and in scoring.
    keeps: tuple[Assertion, ...] = (
        Assertion.PRESENT,
        Assertion.POSSIBLE,
        Assertion.CONDITIONAL,
        Assertion.HISTORICAL,
    )

    @field_validator("colour")
    @classmethod
    def _is_hex(cls, colour: str) -> str:
        if not HEX_COLOUR.fullmatch(colour):
            raise ValueError(f"expected a colour such as #1f77b4, got {colour!r}")
        return colour


class RelationType(Frozen):
    """A directed link that entities may have; empty heads or tails mean any category."""

    name: str
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    definition: Localised = Field(default_factory=dict)


class DocumentLabel(Frozen):
    """A label on the whole record with a closed list of values."""

    name: str
    values: tuple[str, ...] = Field(min_length=2)
    definition: Localised = Field(default_factory=dict)


class EntityAttribute(Frozen):
    """An attribute of entities with a closed list of values; without categories, entities of any may have it."""

    name: str
    values: tuple[str, ...] = Field(min_length=1)
    categories: tuple[str, ...] = ()
    definition: Localised = Field(default_factory=dict)


class Scheme(Frozen):
    """Categories, relation types, document labels and attributes, in order."""

    name: str
    version: int = Field(ge=1)
    languages: tuple[str, ...] = ("en",)
    categories: tuple[Category, ...]
    relations: tuple[RelationType, ...] = ()
    labels: tuple[DocumentLabel, ...] = ()
    attributes: tuple[EntityAttribute, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Scheme:
        for what, values in (
            ("category", [category.name for category in self.categories]),
            ("hotkey", [category.hotkey for category in self.categories]),
            ("relation", [relation.name for relation in self.relations]),
            ("document label", [label.name for label in self.labels]),
            ("attribute", [attribute.name for attribute in self.attributes]),
        ):
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"expected each {what} once, got {', '.join(twice)} more than once")
        names = {category.name for category in self.categories}
        for relation in self.relations:
            if unknown := sorted({*relation.heads, *relation.tails} - names):
                raise ValueError(f"relation {relation.name} names unknown categories: {', '.join(unknown)}")
        for attribute in self.attributes:
            if unknown := sorted({*attribute.categories} - names):
                raise ValueError(f"attribute {attribute.name} names unknown categories: {', '.join(unknown)}")
        return self

    @cached_property
    def by_name(self) -> dict[str, Category]:
        """The categories by their names, in order."""
        return {category.name: category for category in self.categories}

    @property
    def names(self) -> tuple[str, ...]:
        """The categories' names, in order."""
        return tuple(self.by_name)

    @cached_property
    def digest(self) -> str:
        """A hash of the whole scheme."""
        return digest(self.model_dump(mode="json"))

    def counts(self, entity: Entity) -> bool:
        """Whether an entity is information in its category, as a negated symptom is not."""
        category = self.by_name.get(entity.category)
        return category is None or entity.assertion in category.keeps

    def flat(self, layer: Layer) -> dict[str, str]:
        """The view of the field's published data: one string a category, facts joined, "N/A" when absent."""
        facts: dict[str, dict[str, None]] = {name: {} for name in self.names}
        for entity in sorted(layer.entities, key=lambda entity: entity.spans):
            if self.counts(entity):
                facts[entity.category][" ".join(entity.text.split())] = None
        return {name: FACT_JOIN.join(found) or ABSENT for name, found in facts.items()}


def load_scheme(path: Path | None = None) -> Scheme:
    """The scheme in a YAML file; without a path, the default one."""
    path = path or DEFAULT_SCHEME
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Scheme.model_validate(content)
    except FileNotFoundError as error:
        raise SchemeError(f"expected a scheme file at {path}, found none") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise SchemeError(f"{path}: {error}") from error
