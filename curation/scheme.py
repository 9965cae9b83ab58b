"""The scheme: categories with their definitions, and everything else that is made from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from curation.errors import ContradictionError, SchemeError
from curation.printable import printable
from curation.record import Assertion, Entity, Frozen, Layer, digest, without_lost
from curation.scheme_file import plain_sentences, scheme_content

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
    definition: Localised = Field(default_factory=dict)
    boundary: Localised = Field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    counter_examples: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    colour: str
    #: None where there are more categories than keys.
    hotkey: str | None = Field(pattern=r"^((shift|ctrl|alt)\+)*\S$")
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
        if not HEX_COLOUR.fullmatch(colour.lower()):
            raise ValueError(f"expected a colour such as #1f77b4, got {colour!r}")
        return colour.lower()


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
    version: int = Field(default=1, ge=1)
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)
    categories: tuple[Category, ...] = ()
    relations: tuple[RelationType, ...] = ()
    labels: tuple[DocumentLabel, ...] = ()
    attributes: tuple[EntityAttribute, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Scheme:
        if not self.categories and not self.labels:
            raise ValueError("expected categories or labels, found neither")
        for what, values in (
            ("category", [category.name for category in self.categories]),
            ("hotkey", [category.hotkey for category in self.categories if category.hotkey is not None]),
            ("relation", [relation.name for relation in self.relations]),
            ("document label", [label.name for label in self.labels]),
            ("attribute", [attribute.name for attribute in self.attributes]),
        ):
            if twice := sorted(value for value, count in Counter(values).items() if count > 1):
                raise ValueError(f"expected each {what} once, got {', '.join(twice)} more than once")
        names = {category.name for category in self.categories}
        if both := sorted(names & {label.name for label in self.labels}):
            raise ValueError(f"expected a name for one thing only, got {', '.join(both)} for a category and a label")
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

    @property
    def flat_keys(self) -> tuple[str, ...]:
        """The keys of the flat view, in order: the categories, then the document labels."""
        return (*self.names, *(label.name for label in self.labels))

    @cached_property
    def digest(self) -> str:
        """A hash of the whole scheme. Counter-examples count where there are some: older schemes keep their hash."""
        content = self.model_dump(mode="json")
        for category in content["categories"]:
            if not category["counter_examples"]:
                del category["counter_examples"]
        return digest(content)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, of which nothing is known that was computed from what the scheme was before."""
        copied = super().model_copy(update=update, deep=deep)
        for computed in ("by_name", "digest"):
            copied.__dict__.pop(computed, None)
        return copied

    def attributes_of(self, category: Category) -> tuple[EntityAttribute, ...]:
        """The attributes that entities of a category may have, in order."""
        return tuple(
            attribute
            for attribute in self.attributes
            if not attribute.categories or category.name in attribute.categories
        )

    def counts(self, entity: Entity) -> bool:
        """Whether an entity is information in its category, as a negated symptom is not."""
        category = self.by_name.get(entity.category)
        return category is None or entity.assertion in category.keeps

    def flat(self, layer: Layer) -> dict[str, str]:
        """The view of the field's published data: one string a category or document label, "N/A" when absent.

        Several facts are joined by FACT_JOIN; what was lost in translation is left out. Raises ContradictionError for a
        category that the scheme does not have.
        """
        facts: dict[str, dict[str, None]] = {name: {} for name in self.names}
        for entity in sorted(without_lost(layer).entities, key=lambda entity: entity.spans):
            if entity.category not in facts:
                raise ContradictionError(
                    f"record {layer.record_id}, layer {layer.name}: expected categories of the scheme {self.name}, got "
                    f"{entity.category}; use the scheme that it was made with, or `curate scheme migrate`"
                )
            if self.counts(entity):
                facts[entity.category][" ".join(entity.text.split())] = None
        joined = {name: FACT_JOIN.join(found) or ABSENT for name, found in facts.items()}
        return joined | {label.name: layer.labels.get(label.name) or ABSENT for label in self.labels}


@dataclass(frozen=True, slots=True)
class SchemeFile:
    """A scheme, and what its file left to be filled in for each category: label, colour, hotkey."""

    scheme: Scheme
    filled: Mapping[str, tuple[str, ...]]


def load_scheme(path: Path | None = None) -> Scheme:
    """The scheme in a YAML file; without a path, the default one."""
    return read_scheme(path or DEFAULT_SCHEME).scheme


def write_scheme(scheme: Scheme, path: Path) -> None:
    """The scheme as a YAML file that `load_scheme` reads."""
    path.write_text(scheme_text(scheme), encoding="utf-8")


def scheme_text(scheme: Scheme) -> str:
    """The scheme as YAML; a category without a hotkey is given a free one when it is read."""
    content = scheme.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    written: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    return written


def read_scheme(path: Path) -> SchemeFile:
    """The scheme in a YAML file.

    Raises SchemeError with a line for each fault: the file, the key, what was expected, and what came.
    """
    try:
        return _understood(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise SchemeError(f"expected a scheme file at {path}, found none") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SchemeError(f"expected a scheme file in UTF-8 at {path}, got {type(error).__name__}") from error
    except SchemeError as error:
        raise SchemeError("\n".join(f"{path}: {line}" for line in str(error).split("\n"))) from error


@lru_cache(maxsize=8)
def _understood(text: str) -> SchemeFile:
    """The scheme of a file's text, read once: a command asks for it several times. Raises SchemeError."""
    found = scheme_content(text)
    try:
        return SchemeFile(Scheme.model_validate(found.content), found.filled)
    except ValidationError as error:
        lines = plain_sentences(error, found.content, Scheme)
        raise SchemeError("\n".join(map(printable, lines))) from error
