"""What a measure is: a function from records, each with the layer to check, to columns of findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from curation.decision import DecisionKind
from curation.egress.gate import Gate
from curation.embeddings.encoder import Encoder, load_encoder
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.sets.duplicates import Match, find_duplicates
from curation.store import Store
from validation.layers import ChosenLayers, checked_layer, preferred_layers
from validation.measures.columns import MeasureColumn
from validation.measures.rule import Rule
from validation.settings import ValidationSettings

#: The file of a workspace that keeps vectors from run to run.
VECTORS = "vectors.db"

#: What was measured on one record: a JSON value by column, None where it does not apply.
Columns = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Subject:
    """A record and the layer to check, if it has one, with the other layers that are second opinions on it."""

    record: Record
    layer: Layer | None = None
    other_layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What measures read beside the records."""

    scheme: Scheme
    settings: ValidationSettings
    #: The file that keeps vectors for the next run; None keeps them in memory only.
    vectors: Path | None = None
    #: The way out for an encoder at an address.
    gate: Gate | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder, loaded at its first use; each text is encoded once for all measures."""
        similarity = self.settings.similarity
        encoder = load_encoder(similarity.encoder, similarity.backend, self.gate)
        return encoder.cached_in(self.vectors) if self.vectors else encoder


@dataclass(frozen=True)
class Whole:
    """All measured records at once, for measures that compare them; texts pass through, one at a time."""

    store: Store
    scope: Scope
    measured: Container[str]
    #: Records that a person accepted (1) or rejected (-1): of two with the same content, the former is kept.
    prefer: Mapping[str, int]
    #: The columns that an expectation looks at.
    looked_at: Container[str] = frozenset()

    def records(self) -> Iterator[Record]:
        """The measured records, in the order in which they came."""
        return (record for record in self.store.records() if record.id in self.measured)

    @cached_property
    def duplicates(self) -> Mapping[str, Match]:
        """Exact and near-duplicates, each with the record that is kept in its place."""
        texts = ((record.id, record.text) for record in self.records())
        return find_duplicates(texts, threshold=self.scope.settings.duplicates.threshold).matches(self.prefer)

    def subjects(self) -> Iterator[Subject]:
        """The measured records, each with the layer to check."""
        reads = preferred_layers(self.store.layer_authors(), self.scope.settings)
        items = (item for item in self.store.items(reads) if item.record.id in self.measured)
        return (Subject(item.record, checked_layer(item, reads)) for item in items)


class Level(StrEnum):
    """What a measure must see at once."""

    RECORD = "record"  # one record; computed by the stage, stored, never computed again without need
    SET = "set"  # all records; computed when verdicts are made


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """An entry of the table of measures: how it measures one record after the other, or all of them at once."""

    name: str
    version: int
    #: What the verdicts of its rules are of, unless a column says otherwise. A layer's needs a layer.
    of: DecisionKind
    columns: tuple[MeasureColumn, ...]
    rules: tuple[Rule, ...] = ()
    #: Settings that change what is measured, as paths below `validation`; what only judges is not among them.
    settings: tuple[str, ...] = ()
    #: What else changes what is measured: files, a model.
    depends: Callable[[Scope], JsonValue] | None = None
    #: One row of all columns for each subject, in order.
    measure: Callable[[Sequence[Subject], Scope], list[Columns]] | None = None
    #: The rows, by record id, of those records of which there is something to say.
    over: Callable[[Whole], Mapping[str, Columns]] | None = None
    #: Why nothing can be measured, "" when something can: then `over` is not asked.
    lacks: Callable[[Whole], str] | None = None
    #: The texts of which `measure` will ask vectors; those of all measures are encoded together, before them.
    texts: Callable[[Sequence[Subject]], Iterable[str]] | None = None

    def __post_init__(self) -> None:
        for column in self.columns:
            column.belongs_to(self.of)

    @property
    def says(self) -> str:
        """What it looks at: the first paragraph of its module."""
        module = sys.modules[(self.measure or self.over).__module__]
        return " ".join((module.__doc__ or "").partition("\n\n")[0].split())

    @property
    def level(self) -> Level:
        """What the measure must see at once."""
        return Level.RECORD if self.over is None else Level.SET

    @property
    def needs_layer(self) -> bool:
        """Whether it measures nothing on a record without a layer."""
        return self.of is DecisionKind.LAYER

    @property
    def nothing(self) -> Columns:
        """The row where the measure does not apply."""
        return dict.fromkeys(self.columns)

    def depends_on(self, scope: Scope) -> JsonValue:
        """All that its rows depend on beside the records, as a value that differs where the rows may."""
        settings: dict[str, JsonValue] = {path: setting(scope.settings, path) for path in self.settings}
        return [self.name, self.version, settings, self.depends(scope) if self.depends else None]

    def why_not(self, whole: Whole) -> str:
        """Why it can measure nothing, "" when it can."""
        if self.needs_layer and not whole.store.layer_names():
            return "nothing applies: no record has a layer"
        return self.lacks(whole) if self.lacks else ""

    def rows_over(self, whole: Whole) -> Mapping[str, Columns]:
        """The rows, by record id, of a measure over the whole set; none where it can measure nothing."""
        return self.over(whole) if self.over and not self.why_not(whole) else {}


def setting(settings: ValidationSettings, path: str) -> JsonValue:
    """The value of a setting, such as `grounding.fuzzy`."""
    value: JsonValue = settings.model_dump(mode="json")
    for name in path.split("."):
        value = cast(dict[str, JsonValue], value)[name]
    return value


def encoder_identity(scope: Scope) -> JsonValue:
    """The sentence encoder that is used, None where embeddings are switched off."""
    return [scope.encoder.name, scope.encoder.revision] if scope.settings.similarity.enabled else None


def embeddings_off(whole: Whole) -> str:
    """That embeddings are switched off, "" when they are not."""
    enabled = whole.scope.settings.similarity.enabled
    return "" if enabled else "embeddings are switched off (validation.similarity.enabled)"


def no_second_layer(whole: Whole) -> str:
    """That no record has a layer to compare the checked one with, "" when one may have."""
    layers = ChosenLayers.among(whole.store.layer_authors(), whole.scope.settings)
    compared = any(second != checked for second in layers.seconds for checked in layers.checked)
    return "" if compared else "nothing applies: no record has a second layer"
