"""What a stage is: a pure function over batches of items, plus a fingerprint.

The store, resuming and keeping failures are the runner's work, not a stage's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from curation.record import Layer, Record


@dataclass(frozen=True, slots=True)
class Item:
    """A record with the latest version of each layer that the stage reads."""

    record: Record
    layers: Mapping[str, Layer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A stage's result for one record: layers, measures, or the error.

    `notes` count what was mended or left out on the way, in words for people. `may_pass`: the error is none of the
    record's (no connection, no memory, a full disk), so the next run tries it again by itself.
    """

    record_id: str
    layers: Sequence[Layer] = ()
    measures: Mapping[str, JsonValue] = field(default_factory=dict)
    error: str | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    may_pass: bool = field(default=False, compare=False)


class Stage(Protocol):
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
