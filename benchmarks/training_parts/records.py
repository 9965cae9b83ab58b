"""Generated records to learn from, made anew each time they are read: none is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.generate import generate
from curation.record import Layer, Record


@dataclass(frozen=True, slots=True)
class GeneratedPairs:
    """So many English records with their gold."""

    number: int
    seed: int = 0

    def __iter__(self) -> Iterator[tuple[Record, Layer]]:
        yield from generate(self.number, languages=("en",), seed=self.seed)
