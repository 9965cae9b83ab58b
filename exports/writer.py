"""The contract of the writers: a curated set in, files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from curation.deidentify.identifiers.surrogate_marks import unplaced
from curation.egress.gate import Passage
from curation.egress.outgoing import Outgoing
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store.sets import CuratedSet
from exports.settings import ExportSettings


@dataclass(frozen=True, slots=True)
class ExportedSet:
    """A curated set, its scheme, and the function that streams the members of a split."""

    curated: CuratedSet
    scheme: Scheme
    members: Callable[[str], Iterator[tuple[Record, Layer]]]


def let_out(view: ExportedSet, passage: Passage) -> ExportedSet:
    """The set as it leaves: its records without the offsets of surrogates.

    Raises EgressBlockedError when one of them may not leave.
    """

    def leaving(split: str) -> Iterator[tuple[Record, Layer]]:
        return ((unplaced(record), layer) for record, layer in view.members(split))

    passage.check(Outgoing.of(*member) for split in view.curated.splits for member in view.members(split))
    return replace(view, members=leaving)


class Writer(Protocol):
    """Writes a curated set in one format and gives the files it wrote."""

    def __call__(self, view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]: ...
