"""What a measure is: a function from records, each with the layer to check, to columns of findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pydantic import JsonValue

from curation.embeddings import Encoder, load_encoder
from curation.record import Layer, Record
from curation.scheme import Scheme
from validation.settings import ValidationSettings

#: What was measured on one record: a JSON value by column, None where it does not apply.
Columns = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Subject:
    """A record and the layer to check, if it has one."""

    record: Record
    layer: Layer | None = None


@dataclass(frozen=True)
class Scope:
    """What measures may ask for beside the records."""

    scheme: Scheme
    settings: ValidationSettings

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder, loaded when first asked for."""
        return load_encoder(self.settings.similarity.encoder)


class Level(StrEnum):
    """What a measure must see at once."""

    RECORD = "record"  # one record; computed by the stage, stored, never computed again without need
    SET = "set"  # all records; computed when verdicts are made


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """An entry of the table of measures; `measure` gives one row of all columns for each subject, in order."""

    name: str
    version: int
    columns: Mapping[str, str]  # what each column says, for people
    measure: Callable[[Sequence[Subject], Scope], list[Columns]] | None = None
    needs_layer: bool = False
    level: Level = Level.RECORD

    @property
    def nothing(self) -> Columns:
        """The row where the measure does not apply."""
        return dict.fromkeys(self.columns)
