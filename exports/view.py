"""What a writer gets: a curated set, with its members as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store.sets import CuratedSet
from exports.settings import ExportSettings


@dataclass(frozen=True, slots=True)
class SetView:
    """A curated set, its scheme, and a way to its members that can be taken once for each split."""

    curated: CuratedSet
    scheme: Scheme
    members: Callable[[str], Iterator[tuple[Record, Layer]]]


class Writer(Protocol):
    """Writes a curated set in one format and gives the files it wrote."""

    def __call__(self, view: SetView, to: Path, settings: ExportSettings) -> list[Path]: ...
