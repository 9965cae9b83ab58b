"""The contract of the writers: a curated set in, files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from curation.deidentify.identifiers.surrogate_marks import is_marked, unplaced
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
    #: Members whose texts hold identifiers; None where nobody has looked.
    with_identifiers: int | None = None


def let_out(view: ExportedSet, passage: Passage) -> ExportedSet:
    """The set as it leaves: its records without the names that their source has for them and for patients, and without
    the offsets of surrogates; and how many hold identifiers.

    Raises EgressBlockedError when one of them may not leave.
    """
    groups: dict[str, str] = {}
    for split in view.curated.splits:
        for record, _ in view.members(split):
            groups.setdefault(record.group, record.id)

    def named_by_hashes(split: str) -> Iterator[tuple[Record, Layer]]:
        return ((unnamed(record, groups[record.group]), layer) for record, layer in view.members(split))

    def leaving(split: str) -> Iterator[tuple[Record, Layer]]:
        return ((unplaced(record), layer) for record, layer in named_by_hashes(split))

    members = (member for split in view.curated.splits for member in named_by_hashes(split))
    holding = passage.check(Outgoing.of(*member) for member in members)
    return replace(view, members=leaving, with_identifiers=holding)


def unnamed(record: Record, group: str) -> Record:
    """The record without its source id, in a group that is named by a hash; with pseudonyms as it is.

    What a source calls a record or a group is often a patient's number. group: the hash of the group's first record.
    """
    if is_marked(record):
        return record
    meta = {name: value for name, value in record.meta.items() if name != "source_id"}
    return record.model_copy(update={"group": group, "meta": meta})


class Writer(Protocol):
    """Writes a curated set in one format and gives the files it wrote."""

    def __call__(self, view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]: ...
