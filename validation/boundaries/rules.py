"""The kinds of boundary rule, and the file that holds them.

The scheme has its boundaries as sentences for people; a rule is the part that a program can check an entity
against. A kind of rule is a class here and a check in `validation.boundaries.breaches`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from curation.errors import ConfigError, no_such
from curation.record import Frozen, digest
from curation.text.terms import any_of, listed
from curation.yaml_file import read_yaml

#: The rules for the fifteen categories that ship with the product.
SHIPPED = Path(__file__).with_name("clinical-summary.yaml")

#: What stands for numbers in a list of words.
SIGNS = {"<number>": r"\d[\d.,]*", "<year>": r"(?:19|20)\d\d"}

#: Terms by language, with commas; an asterisk stands for any letters, `<number>` and `<year>` for such.
Words = dict[str, str]
#: How far around an entity words are looked for.
Reach = Literal["wording", "clause"]


class BoundaryRule(Frozen):
    """What is common to all kinds."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: The categories whose entities are held against the rule.
    category: tuple[str, ...] = Field(min_length=1)
    says: dict[str, str] = Field(min_length=1)
    #: Where an entity that breaks the rule usually belongs.
    belongs: tuple[str, ...] = Field(min_length=1)
    #: Rules with many false alarms are there for those who ask for them by name.
    default: bool = True

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category that the rule names."""
        others = (getattr(self, name, ()) for name in ("of", "first"))
        return (*self.category, *self.belongs, *(name for names in others for name in names))


class Repeats(BoundaryRule):
    """An entity must not repeat one of another category."""

    kind: Literal["repeats"]
    of: tuple[str, ...] = Field(min_length=1)
    #: Least share of the words of both that both have (Jaccard).
    like: float = Field(default=1.0, gt=0, le=1)


class Needs(BoundaryRule):
    """An entity must have one of the words."""

    kind: Literal["needs"]
    words: Words = Field(min_length=1)
    reach: Reach = "wording"


class Forbids(BoundaryRule):
    """An entity must have none of the words, unless it has others beside."""

    kind: Literal["forbids"]
    words: Words = Field(min_length=1)
    unless: Words = Field(default_factory=dict)
    reach: Reach = "wording"


class Order(BoundaryRule):
    """An entity must not stand before, or after, the first one of other categories, unless words explain it."""

    kind: Literal["order"]
    stands: Literal["before", "after"]
    first: tuple[str, ...] = Field(min_length=1)
    unless: Words = Field(default_factory=dict)


AnyRule = Annotated[Repeats | Needs | Forbids | Order, Field(discriminator="kind")]


class Boundaries(Frozen):
    """The rules of a file."""

    rules: tuple[AnyRule, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Boundaries:
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"expected each rule once, got {', '.join(twice)} more than once")
        return self

    @property
    def digest(self) -> str:
        """A hash of all rules."""
        return digest(self.model_dump(mode="json"))

    def chosen(self, names: tuple[str, ...] | None) -> Boundaries:
        """The rules of these names, or those that apply by default; ConfigError for a name that there is not."""
        by_name = {rule.name: rule for rule in self.rules}
        for name in names or ():
            if name not in by_name:
                raise ConfigError(f"validation.boundaries.rules: {no_such('a boundary rule', name, by_name)}")
        chosen = set(names) if names is not None else {rule.name for rule in self.rules if rule.default}
        return Boundaries(rules=tuple(rule for rule in self.rules if rule.name in chosen))


@cache
def load_boundaries(path: str | None = None) -> Boundaries:
    """The rules of a file, by default of the shipped one; ConfigError naming the file and what does not fit."""
    file = Path(path) if path else SHIPPED
    try:
        content: Any = read_yaml(file)
        return Boundaries.model_validate(content)
    except OSError as error:
        raise ConfigError(f"expected a file of boundary rules at {file}, found none that can be read") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: expected YAML, got something else: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@cache
def pattern(terms: str) -> re.Pattern[str]:
    """A pattern for any of the terms as whole words."""
    found = any_of(listed(terms)).replace(r"\ ", r"\s+")
    for sign, meant in SIGNS.items():
        found = found.replace(sign, meant)
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)", re.IGNORECASE)
