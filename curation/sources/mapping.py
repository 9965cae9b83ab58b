"""The mapping file: which column means what, and which category an annotated type becomes.

A mapping is data for a general engine: no corpus has code of its own. `docs/formats.md` explains
it with examples; the shipped ones are in curation/mappings/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from curation.errors import ConfigError
from curation.record import Assertion, Frozen, digest
from curation.timed_pattern import TimedPattern
from curation.yaml_file import read_yaml

MAPPINGS = Path(__file__).parents[1] / "mappings"

Names = tuple[str, ...]
#: A field of an annotation: its name, or its index in a list; several are alternatives.
Pick = tuple[str | int, ...]


def _listed(value: Any) -> Any:
    """A single name where several are allowed."""
    return (value,) if isinstance(value, str | int) else value


class Column(Frozen):
    """Where a value comes from: the first of these columns that holds something, or a constant.

    A name alone, or a list of names, is enough; ``column`` may be written for one.
    """

    columns: Names = ()
    value: str | None = None
    pattern: str | None = Field(default=None, description="the first group (or all) of what it finds is taken")
    values: dict[str, str] = Field(default_factory=dict, description="replaces codes by words")
    default: str | None = None
    join: str | None = Field(default=None, description="joins all columns instead of taking the first")
    digest: bool = Field(default=False, description="takes a hash of the value")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        if isinstance(value, str | list | tuple):
            return {"columns": _listed(value)}
        if isinstance(value, dict) and "column" in value and "columns" not in value:
            return {"columns" if key == "column" else key: inner for key, inner in value.items()}
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            _check_pattern(pattern)
        return pattern


def _check_pattern(pattern: str) -> str:
    try:
        TimedPattern(pattern)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return pattern


class EntitySource(Frozen):
    """Annotations in a row: a dotted path to them (``*`` for every item) and what their fields are called.

    A field that starts with ``^.`` is looked up in what surrounds the annotation, once for each ``^``.
    """

    path: str
    type: str | None = Field(default=None, description="one type for all, instead of a field")
    category: Pick = ("category", "label", "type", "entity_group", "entity_type", "extraction_class", "tag", "class",
                      "Category", "Type", "labels", 2)  # fmt: skip
    id: Pick = ("id", "entity_id")
    start: Pick = Field(default=(), description="not given: any name or form that says a place in characters")
    end: Pick = ()
    text: Pick = ("text", "wording", "surface", "value", "word", "mention", "extraction_text", "Text", "span_text",
                  "entity_text", "covered_text", "coveredText", "string", "span", "entity")  # fmt: skip
    score: Pick = ("score",)
    attributes: Names = Field(default=("attributes", "attrs"), description="fields, or objects of fields")
    codes: Names = Field(default=("codes",), description="fields, or dotted paths, that hold codes")
    assertion: Pick = ("assertion",)
    annotator: Pick = ("annotator", "user", "completed_by", "annotated_by")
    many: bool = Field(default=False, description="each field lists one value for each of several annotations")
    optional: bool = Field(default=False, description="a source may have nothing at the path")

    @field_validator("category", "id", "start", "end", "text", "score", "attributes", "codes", "assertion",
                     "annotator", mode="before")  # fmt: skip
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @cached_property
    def of_no_place(self) -> frozenset[str]:
        """The fields that mean something else than where an annotation stands."""
        named = (*self.category, *self.text, *self.id, *self.score, *self.attributes, *self.codes)
        return frozenset(name for name in named if isinstance(name, str)) - {"span"}


class LinkSource(Frozen):
    """Relations in a row, as a list of their own."""

    path: str
    id: Pick = ("id",)
    type: Pick = ("type", "label", "relation")
    head: Pick = ("head", "from", "source", "arg1", "from_id", "arg1_id", "head_id")
    tail: Pick = ("tail", "to", "target", "arg2", "to_id", "arg2_id", "tail_id")
    head_attributes: Names = Field(
        default=(),
        description="the head is the entity that names the relation's id in one of these attributes",
    )
    optional: bool = Field(default=False, description="a source may have nothing at the path")

    @field_validator("id", "type", "head", "tail", "head_attributes", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)


class PairSource(Frozen):
    """Relations by structure: every annotation at one path with those at another that share its surroundings."""

    type: str
    head: str
    tail: str


class FactSource(Frozen):
    """Strings of facts by category, without offsets: split, and each aligned to the text."""

    path: str
    separator: str = "; "
    absent: Names = ("", "n/a", "na", "none", "null", "-")
    optional: bool = Field(default=False, description="a source may have nothing at the path")


class MarkSource(Frozen):
    """Annotations as marks in the text, which are taken out of it."""

    open: str
    close: str
    type: str


class MarkRelation(Frozen):
    """The relation between two marked annotations: its type's column."""

    type: str
    head: str
    tail: str


class EntityCondition(Frozen):
    """What must hold of an annotation, all of it."""

    wording: str | None = Field(default=None, description="a regular expression found in it, case ignored")
    within: Names = Field(default=(), description="it stands inside an annotation of one of these types")
    attributes: dict[str, Names] = Field(default_factory=dict, description="an attribute has one of these values")

    @field_validator("within", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)

    @field_validator("attributes", mode="before")
    @classmethod
    def _each_one_or_more(cls, value: Any) -> Any:
        return {name: _listed(values) for name, values in value.items()} if isinstance(value, dict) else value

    @field_validator("wording")
    @classmethod
    def _compiles(cls, wording: str | None) -> str | None:
        return wording if wording is None else _check_pattern(wording)


class Join(Frozen):
    """Annotations that a relation ties to this one, and that become a part of it."""

    relation: Names
    types: Names = Field(default=(), description="only these; none given: any")
    direction: Literal["from", "to", "either"] = Field(
        default="either", description="whether the relation comes from the joined one, or goes to it"
    )
    consume: bool = Field(default=True, description="the joined one is not given a category of its own")

    @field_validator("relation", "types", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)


class CategoryRule(Frozen):
    """Which category annotations of a type become. The first rule that fits an annotation decides."""

    types: Names = Field(alias="type")
    category: str | None = Field(description="null leaves the annotation out")
    when: EntityCondition = EntityCondition()
    unless: EntityCondition | None = None
    join: tuple[Join, ...] = ()

    @field_validator("types", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)


class AssertionRule(Frozen):
    """Which assertion annotations get: the first rule that fits decides."""

    types: Names = Field(default=(), alias="type")
    when: EntityCondition
    assertion: Assertion

    @field_validator("types", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return _listed(value)


class RenameTable(Frozen):
    """New names for old ones, and whether names without a new one stay."""

    rename: dict[str, str] = Field(default_factory=dict)
    drop: Names = ()
    otherwise: Literal["keep", "leave out"] = "keep"


class NotePattern(Frozen):
    """What a note on an annotation holds: groups named code and category are taken, others are attributes."""

    pattern: str
    type_is_code: bool = Field(default=False, description="the annotation's type is itself a code")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return _check_pattern(pattern)


class ConllShape(Frozen):
    """Which column is which (from 0; negative from the end), and what makes a record."""

    token: int = 0
    tag: int = -1
    start: int | None = None
    end: int | None = None
    record: Literal["sentence", "document", "file"] = Field(
        default="document", description="documents are parted by -DOCSTART-; without it, sentences"
    )


class ImportMapping(Frozen):
    """The whole mapping file."""

    name: str = ""
    description: str = ""
    format: str | None = None
    rows: str | None = Field(default=None, description="where the list of records stands in a JSON object")
    delimiter: str | None = None
    encoding: str | None = Field(default=None, description="of text files; UTF-8 if not given")
    id: Column | None = None
    text: Column | None = None
    language: Column | None = None
    group: Column | None = None
    source: Column | None = None
    licence: Column | None = None
    annotator: Column | None = Field(default=None, description="who annotated: each has a layer of their own")
    meta: Names | None = Field(default=None, description="columns to keep; not given: all simple ones")
    labels: dict[str, Column] = Field(default_factory=dict)
    entities: tuple[EntitySource, ...] | None = Field(default=None, description="not given: the usual columns")
    links: tuple[LinkSource, ...] = ()
    pairs: tuple[PairSource, ...] = ()
    facts: FactSource | None = None
    marks: tuple[MarkSource, ...] = ()
    mark_relation: MarkRelation | None = None
    notes: NotePattern | None = None
    conll: ConllShape = ConllShape()
    categories: tuple[CategoryRule, ...] = ()
    rename: dict[str, str] = Field(default_factory=dict, description="types to categories, after the rules")
    otherwise: Literal["keep", "leave out"] = Field(default="keep", description="types that nothing names")
    assertions: tuple[AssertionRule, ...] = ()
    relations: RenameTable = RenameTable()
    bridge: str = Field(default=r"\s*", description="what may stand between joined fragments for them to become one")

    @model_validator(mode="after")
    def _pairs_join_entities(self) -> ImportMapping:
        paths = {source.path for source in self.entities or ()}
        for pair in self.pairs:
            if missing := {pair.head, pair.tail} - paths:
                raise ValueError(f"pairs: expected paths that entities have, got {', '.join(sorted(missing))}")
        return self

    @field_validator("bridge")
    @classmethod
    def _compiles(cls, bridge: str) -> str:
        return _check_pattern(bridge)

    def key_of(self, pattern: str) -> str:
        """Where a pattern stands in the mapping, such as `group.pattern`."""
        return next((key for key, value in _leaves(self.model_dump(by_alias=True)) if value == pattern), "")

    @property
    def digest(self) -> str:
        """A hash of what the mapping does."""
        return digest(self.model_dump(mode="json"))

    @property
    def changes_entities(self) -> bool:
        """Whether types become other categories, or assertions are derived."""
        return bool(
            self.categories
            or self.rename
            or self.assertions
            or self.otherwise != "keep"
            or self.relations != RenameTable()
        )


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """All simple values of a mapping with the paths to them; entries of lists by their numbers."""
    if isinstance(value, dict):
        inner = [(str(name), each) for name, each in value.items()]
    elif isinstance(value, list | tuple):
        inner = [(f"entry {number}", each) for number, each in enumerate(value, start=1)]
    else:
        yield key, value
        return
    for name, each in inner:
        yield from _leaves(each, f"{key}.{name}".lstrip("."))


def load_mapping(mapping: ImportMapping | Mapping[str, Any] | Path | str | None) -> ImportMapping:
    """The mapping itself: given as such, as a dictionary, as a file, or by the name of a shipped one."""
    if mapping is None:
        return ImportMapping()
    if isinstance(mapping, ImportMapping):
        return mapping
    if isinstance(mapping, Mapping):
        return _validated(mapping, "mapping")
    path = _mapping_path(mapping)
    try:
        content = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: expected a mapping file in YAML: {reason}") from error
    return _validated({"name": path.stem, **_table(content, path)}, str(path))


def shipped_mappings() -> tuple[str, ...]:
    """The names of the mappings that ship with the product."""
    return tuple(sorted(path.stem for path in MAPPINGS.glob("*.yaml")))


def _mapping_path(mapping: Path | str) -> Path:
    path = Path(mapping)
    if path.suffix:
        return path
    if path.parent == Path() and path.name in shipped_mappings():
        return MAPPINGS / f"{path.name}.yaml"
    if path.exists():
        return path
    raise ConfigError(
        f"expected a mapping file or one of the shipped mappings ({', '.join(shipped_mappings())}), got {mapping}"
    )


def _table(content: Any, path: Path) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a table of keys and values, got {type(content).__name__}")
    return content


def _validated(content: Mapping[str, Any], where: str) -> ImportMapping:
    try:
        return ImportMapping.model_validate(dict(content))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        keys = f"; known keys: {', '.join(ImportMapping.model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise ConfigError(f"{where}: {key}: {first['msg']}{keys}") from error
