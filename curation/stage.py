"""What a stage is: a pure function over batches of items, plus a fingerprint.

The store, resuming and keeping failures are the runner's work, not a stage's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import JsonValue

from curation.errors import ContradictionError
from curation.record import Layer, Record, check_layer

#: What notes begin with that count entities by what their scores are made from.
SCORED_FROM = "scored from "


@dataclass(frozen=True, slots=True)
class Item:
    """A record with the latest version of each layer that the stage reads."""

    record: Record
    layers: Mapping[str, Layer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item whose layers are still the JSON of the store: it goes to another process sooner than what is read."""

    record: Record
    contents: Mapping[str, str]  # by the layer's name

    def read(self) -> Item:
        """The item. Raises pydantic.ValidationError where the store is damaged."""
        return Item(self.record, {name: Layer.model_validate_json(content) for name, content in self.contents.items()})


@dataclass(frozen=True, slots=True)
class WrittenLayer:
    """A layer that fits its record, as the store holds it: it comes from another process sooner than what is read."""

    record_id: str
    name: str
    author: str
    digest: str
    content: str

    @classmethod
    def of(cls, layer: Layer) -> WrittenLayer:
        """The layer as JSON with its digest."""
        return cls(layer.record_id, layer.name, layer.author, layer.digest, layer.model_dump_json())


@dataclass(frozen=True, slots=True)
class Result:
    """A stage's result for one record: layers, measures, new records, or the error.

    `records` are stored before the layers, which may be theirs. `written` are those of the layers that are checked and
    only to be stored. `notes` count what was mended or left out on the way, in words for people. `may_pass`: the error
    is none of the record's (no connection, no memory, a full disk), so the next run tries it again by itself. `kind`:
    of the error, in a word by which such records can be tried again: truncated, refused, looping, unparsable, empty ...
    Layers and measures beside an error are what could be made in spite of it, and are kept.
    """

    record_id: str
    layers: Sequence[Layer] = ()
    written: Sequence[WrittenLayer] = ()
    measures: Mapping[str, JsonValue] = field(default_factory=dict)
    error: str | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    may_pass: bool = field(default=False, compare=False)
    kind: str | None = None
    records: Sequence[Record] = ()


def written(result: Result, record: Record) -> Result:
    """The result with its layers checked and written, those of other records left; a failure where one contradicts."""
    own = [layer for layer in result.layers if layer.record_id == record.id]
    try:
        done = [WrittenLayer.of(check_layer(record, layer)) for layer in own]
    except ContradictionError as error:
        return Result(result.record_id, error=str(error))
    others = [layer for layer in result.layers if layer.record_id != record.id]
    return replace(result, layers=others, written=[*result.written, *done])


class StageIdentity(Protocol):
    """What the store knows of a stage: the name, fingerprint and reads of a Stage."""

    @property
    def name(self) -> str:
        """The name of the stage."""

    @property
    def fingerprint(self) -> str:
        """What its results depend on."""

    @property
    def reads(self) -> Sequence[str]:
        """The layers that it looks at."""


class Stage(StageIdentity, Protocol):
    """One step of the pipeline; `curation.stage.Item` in, `curation.stage.Result` out, one for each."""

    @property
    def name(self) -> str:
        """The stage's name in the store, in `curate status` and in manifests."""

    @property
    def fingerprint(self) -> str:
        """A digest of all that the results depend on: version, config, prompt, model revision."""

    @property
    def reads(self) -> Sequence[str]:
        """Names of the layers that the stage looks at; a newer one makes its result stale."""

    def __call__(self, items: Sequence[Item]) -> Sequence[Result]:
        """One result for each item, in any order."""
