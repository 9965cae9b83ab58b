"""The contract of the formats: a curated set in, files out; and how a set leaves this machine."""

from __future__ import annotations

from collections import Counter
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
from exports.losses import Losses
from exports.settings import ExportSettings


@dataclass(frozen=True, slots=True)
class ExportedSet:
    """A curated set, its scheme, and the function that streams the members of a split."""

    curated: CuratedSet
    scheme: Scheme
    members: Callable[[str], Iterator[tuple[Record, Layer]]]
    #: Members whose texts hold identifiers; None where nobody has looked.
    with_identifiers: int | None = None

    @property
    def unreviewed(self) -> bool:
        """Whether it is a layer that nobody has frozen."""
        return bool(self.curated.manifest.get("unreviewed"))


def leaving(view: ExportedSet) -> ExportedSet:
    """The set without the names that its source has for records and for patients, and without surrogates' offsets."""
    named = _named_by_hashes(view)
    return replace(view, members=lambda split: ((unplaced(record), layer) for record, layer in named(split)))


def let_out(view: ExportedSet, passage: Passage) -> ExportedSet:
    """The set as it leaves, and how many of its records hold identifiers.

    Raises EgressBlockedError when one of them may not leave.
    """
    named = _named_by_hashes(view)
    members = (member for split in view.curated.splits for member in named(split))
    holding = passage.check(Outgoing.of(*member) for member in members)
    return replace(leaving(view), with_identifiers=holding)


def _named_by_hashes(view: ExportedSet) -> Callable[[str], Iterator[tuple[Record, Layer]]]:
    groups: dict[str, str] = {}
    for split in view.curated.splits:
        for record, _ in view.members(split):
            groups.setdefault(record.group, record.id)
    return lambda split: ((unnamed(record, groups[record.group]), layer) for record, layer in view.members(split))


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


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format: what it is for people, how it is written, what it cannot hold, and how it is read again."""

    what: str
    write: Writer
    losses: Losses
    #: The format of `curate import` that reads it; empty where none does.
    read_as: str = ""
    #: The files that are read then; others beside them hold the same in other forms.
    whole: str = "*"
    #: Whether the fields of records, for which the format has no place, are written beside it.
    records_beside: bool = False
    #: And the texts too, where the format holds words only.
    texts_beside: bool = False

    def lost(self, view: ExportedSet) -> Counter[str]:
        """What the format would lose of a set, over all its records."""
        total: Counter[str] = Counter()
        for split in view.curated.splits:
            for record, layer in view.members(split):
                total += self.losses(record, layer, view.scheme)
        return total
