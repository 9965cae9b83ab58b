"""The record, and the layers that authors write about it.

Offsets are Unicode code points, end-exclusive: ``record.text[start:end]`` is the wording of a
fragment. Nothing here imports more than pydantic.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from curation.errors import ContradictionError

#: The separator of the fragments of a discontinuous entity in its wording, as in BRAT.
FRAGMENT_JOIN = " "
#: What the provenance of a layer that was carried over to a translation tells how each place was found under.
PROJECTION = "projection"
WHOLE_NUMBER = re.compile(r"\A(\d+)\.0+\Z")


class Alignment(StrEnum):
    """How an entity's wording was found in the text."""

    EXACT = "exact"
    FOLDED = "folded"  # equal after folding case, white space, Unicode form and typographic marks
    FUZZY = "fuzzy"  # similar, with a score
    NONE = "none"  # not found: no fragments


class Assertion(StrEnum):
    """What the text says about an entity (ConText: Harkema et al. 2009; i2b2 2010)."""

    PRESENT = "present"
    NEGATED = "negated"
    POSSIBLE = "possible"
    CONDITIONAL = "conditional"
    HISTORICAL = "historical"
    FAMILY = "family"


class Frozen(BaseModel):
    """An immutable model that refuses unknown fields."""

    # Errors name the field, never what stood there: it may be clinical text.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Fragment(Frozen):
    """A span of the text, end-exclusive, in code points."""

    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _has_width(self) -> Fragment:
        if self.end <= self.start:
            raise ValueError(f"expected an end after the start, got {self.start} to {self.end}")
        return self


class Entity(Frozen):
    """A piece of information in a category, and its fragments in the text."""

    id: str
    category: str
    text: str = Field(min_length=1)
    fragments: tuple[Fragment, ...] = ()
    alignment: Alignment = Alignment.EXACT
    alignment_score: float = Field(default=1.0, ge=0, le=1)
    assertion: Assertion = Assertion.PRESENT
    attributes: dict[str, str] = Field(default_factory=dict)
    codes: tuple[str, ...] = ()
    score: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _fragments_fit_alignment(self) -> Entity:
        found = self.alignment is not Alignment.NONE
        if found != bool(self.fragments):
            raise ValueError(
                f"entity {self.id}: expected {'fragments' if found else 'no fragments'} with alignment "
                f"{self.alignment.value}, got {len(self.fragments)}"
            )
        for left, right in zip(self.fragments, self.fragments[1:], strict=False):
            if right.start < left.end:
                raise ValueError(
                    f"entity {self.id}: expected fragments in order and apart, "
                    f"got {left.start}-{left.end} before {right.start}-{right.end}"
                )
        return self

    @property
    def start(self) -> int:
        """The first offset, or -1 when the entity was not found in the text."""
        return self.fragments[0].start if self.fragments else -1

    @property
    def end(self) -> int:
        """The last offset (exclusive), or -1 when the entity was not found in the text."""
        return self.fragments[-1].end if self.fragments else -1

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The fragments as plain pairs."""
        return tuple([(fragment.start, fragment.end) for fragment in self.fragments])

    @classmethod
    def at(cls, text: str, start: int, end: int, category: str, *, id: str, **fields: Any) -> Entity:
        """The entity at one span of a record's text."""
        return cls(
            id=id,
            category=category,
            text=text[start:end],
            fragments=(Fragment(start=start, end=end),),
            **fields,
        )


class Relation(Frozen):
    """A typed, directed link between two entities of the same layer."""

    id: str
    type: str
    head: str
    tail: str


class Record(Frozen):
    """One clinical summary."""

    id: str = Field(min_length=1)
    group: str = Field(min_length=1)
    source: str
    language: str
    text: str
    translation_of: str | None = None
    licence: str | None = None
    meta: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("text")
    @classmethod
    def _no_nul(cls, text: str) -> str:
        if "\x00" in text:
            raise ValueError(f"expected text without NUL characters, got one at {text.index(chr(0))}")
        return text


class Layer(Frozen):
    """The annotations of one author on one record."""

    record_id: str
    name: str
    author: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    provenance: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _links_hold(self) -> Layer:
        ids = Counter(entity.id for entity in self.entities)
        if twice := sorted(id for id, count in ids.items() if count > 1):
            raise ValueError(f"layer {self.name} of record {self.record_id}: entity ids given twice: {twice}")
        for relation in self.relations:
            for end in (relation.head, relation.tail):
                if end not in ids:
                    raise ValueError(
                        f"layer {self.name} of record {self.record_id}: relation {relation.id} "
                        f"({relation.type}) expected entity {end}, which the layer does not have"
                    )
        return self

    @property
    def digest(self) -> str:
        """A hash of the annotations, without their author and time."""
        return layer_digest(self.model_dump(mode="json", include={"record_id", "entities", "relations", "labels"}))


def layer_digest(values: Mapping[str, Any]) -> str:
    """`Layer.digest` of a layer in plain values."""
    return digest(
        {
            "record": values["record_id"],
            "entities": values["entities"],
            "relations": values["relations"],
            "labels": values["labels"],
        }
    )


def without_lost(layer: Layer) -> Layer:
    """The layer without what was carried over to a translation and not found there, and relations to that.

    Its wording is in the language of the original: a fact in English teaches nothing about a German text.
    """
    carried = layer.provenance.get(PROJECTION)
    if not isinstance(carried, dict):
        return layer
    lost = {entity.id for entity in layer.entities if entity.id in carried and entity.alignment is Alignment.NONE}
    if not lost:
        return layer
    return layer.model_copy(
        update={
            "entities": tuple(entity for entity in layer.entities if entity.id not in lost),
            "relations": tuple(link for link in layer.relations if lost.isdisjoint((link.head, link.tail))),
        }
    )


def digest(value: object, *, length: int = 16) -> str:
    """The hexadecimal SHA-256 of a JSON value, shortened; equal values give equal digests."""
    return text_digest(canonical(value), length=length)


def canonical(value: object) -> str:
    """A JSON value in its one form, which digests are made of."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def text_digest(text: str, *, length: int) -> str:
    """The hexadecimal SHA-256 of a text, shortened."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def record_id(text: str, *, language: str, source_id: str = "") -> str:
    """The id that a record of this content has wherever and however often it is imported."""
    return digest([source_id, language, text])


def normal_group(group: str) -> str:
    """The name of a group in its one form: composed letters (NFC), no white space around it, and no point after a
    whole number, which spreadsheets put there (101.0). What differs only in these is one patient.
    """
    plain = unicodedata.normalize("NFC", group).strip().strip("\ufeff\u200b").strip()
    return WHOLE_NUMBER.sub(r"\1", plain) or group


def wording(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text at the spans, fragments joined by one blank."""
    return FRAGMENT_JOIN.join([text[start:end] for start, end in spans])


def check_layer(record: Record, layer: Layer, *, categories: Mapping[str, object] | None = None) -> Layer:
    """The layer itself, if it fits the record's text (and the categories, if given).

    Raises ContradictionError naming the record, the entity, what was expected and what came.
    Offsets and ids are named; the wording is not, so that no clinical text reaches a log.
    """
    where = f"record {record.id}, layer {layer.name}"
    if layer.record_id != record.id:
        raise ContradictionError(f"{where}: expected a layer of this record, got one of {layer.record_id}")
    for entity in layer.entities:
        if wrong := _contradiction(record, entity, categories):
            raise ContradictionError(f"{where}, entity {entity.id}: {wrong}")
    return layer


def _contradiction(record: Record, entity: Entity, categories: Mapping[str, object] | None) -> str | None:
    """What was expected of an entity and what came, where it does not fit its record."""
    spans = entity.spans
    if categories is not None and entity.category not in categories:
        return f"expected one of the categories {', '.join(categories)}, got {entity.category}"
    if spans and spans[-1][1] > len(record.text):
        return f"expected offsets within the text of {len(record.text)} characters, got {spans}"
    if entity.alignment is Alignment.EXACT and wording(record.text, spans) != entity.text:
        return f"expected its wording ({len(entity.text)} characters) at {spans}, got other text there"
    return None
