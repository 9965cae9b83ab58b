"""What a measure is: a function from records, each with the layer to check, to columns of findings."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import JsonValue

from curation.embeddings.encoder import Encoder, load_encoder
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.sets.duplicates import Match, find_duplicates
from curation.store import Store
from validation.layers import checked_layer, preferred_layers
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
    others: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What measures may ask for beside the records."""

    scheme: Scheme
    settings: ValidationSettings
    #: The file that keeps vectors for the next run; None keeps them in memory only.
    vectors: Path | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder, loaded when first asked for; whatever measure asks, each text is encoded once."""
        similarity = self.settings.similarity
        encoder = load_encoder(similarity.encoder, similarity.backend)
        return encoder.kept_in(self.vectors) if self.vectors else encoder


@dataclass(frozen=True)
class Whole:
    """All measured records at once, for measures that compare them; texts pass through, one at a time."""

    store: Store
    scope: Scope
    measured: Container[str]
    #: Records that a person accepted (1) or turned away (-1): of two that say the same, the former is kept.
    prefer: Mapping[str, int]

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
        reads = preferred_layers(self.store.layer_names(), self.scope.settings)
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
    columns: Mapping[str, str]  # what each column says, for people
    #: One row of all columns for each subject, in order.
    measure: Callable[[Sequence[Subject], Scope], list[Columns]] | None = None
    #: The rows, by record id, of those records of which there is something to say.
    over: Callable[[Whole], Mapping[str, Columns]] | None = None
    #: The texts of which `measure` will ask vectors; those of all measures are encoded together, before them.
    texts: Callable[[Sequence[Subject]], Iterable[str]] | None = None
    needs_layer: bool = False
    #: Columns of words and columns of lists; all others hold numbers. Lists only explain: no expectation sees them.
    words: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()

    @property
    def level(self) -> Level:
        """What the measure must see at once."""
        return Level.RECORD if self.over is None else Level.SET

    @property
    def nothing(self) -> Columns:
        """The row where the measure does not apply."""
        return dict.fromkeys(self.columns)
