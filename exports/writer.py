"""The contract of the formats: a curated set in, files out; and how a set leaves this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from curation.deidentify.identifiers.surrogate_marks import is_marked, unplaced
from curation.egress.gate import Passage, Weighed
from curation.egress.outgoing import Outgoing
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store.sets import CuratedSet
from exports.evidence import EvidenceTable
from exports.losses import Losses
from exports.pseudonyms import by_pseudonym, in_names, in_words, layer_without_name, record_without_names
from exports.settings import ExportSettings

#: Streams the members of a split.
Members = Callable[[str], Iterator[tuple[Record, Layer]]]


@dataclass(frozen=True, slots=True)
class ExportedSet:
    """A curated set, its scheme, and the function that streams the members of a split."""

    curated: CuratedSet
    scheme: Scheme
    members: Members
    #: The way on which it leaves; None before that.
    passage: Passage | None = None
    #: Members whose texts hold identifiers; None where nobody has looked.
    with_identifiers: int | None = None
    #: The run that froze it, and when.
    frozen_by: tuple[int, str] | None = None
    #: The layers of people that the store has, sorted, then those who have only second answers: by their numbers,
    #: cards and data tell them apart without a name.
    people: tuple[str, ...] = ()
    #: Whether people's layers leave under their names, and whether those of the members are pseudonyms by now.
    names_leave: bool = False
    pseudonymous: bool = False
    #: Its members in the store, as sources of figures name them.
    scope: Mapping[str, str] = field(default_factory=dict)
    #: What was measured of the set, by the name of each table.
    measured: Callable[[ExportedSet], dict[str, EvidenceTable]] | None = None

    @property
    def unreviewed(self) -> bool:
        """Whether it is a layer that nobody has frozen."""
        return bool(self.curated.manifest.get("unreviewed"))

    def nameless(self, text: str) -> str:
        """The text with a number in the place of each person's name; of a person whom the store has forgotten none."""
        return in_words(text, self.people)

    def as_named(self, text: str) -> str:
        """The name of a set or of layers as it stands in data: with pseudonyms for people, unless names leave."""
        return text if self.names_leave else in_names(text, self.people)

    def authors(self) -> Mapping[str, str]:
        """The people's names by the authors of the members, where these are pseudonyms."""
        return by_pseudonym(self.people) if self.pseudonymous else {}


def leaving(view: ExportedSet) -> ExportedSet:
    """The set without the names that its source has for records and patients, without surrogates' offsets, and with
    pseudonyms for the people who annotated, unless their names leave.
    """
    named = _named_by_hashes(view)

    def out(record: Record, layer: Layer) -> tuple[Record, Layer]:
        record = unplaced(record)
        if view.names_leave:
            return record, layer
        return record_without_names(record, view.people), layer_without_name(layer, view.people)

    return replace(
        view, members=lambda split: (out(*member) for member in named(split)), pseudonymous=not view.names_leave
    )


def let_out(views: Sequence[ExportedSet], passage: Passage) -> list[ExportedSet]:
    """The sets as they leave on one way, with how many of their records hold identifiers; logged as sent.

    Raises EgressBlockedError, and logs none as sent, when a record of one of them may not leave.
    """
    weighed = weighed_out(views, passage)
    for _, weight in weighed:
        weight.log()
    return [view for view, _ in weighed]


def weighed_out(views: Sequence[ExportedSet], passage: Passage) -> list[tuple[ExportedSet, Weighed]]:
    """The same before it is known whether they leave, each with what logs it as sent. Raises as `let_out`."""
    found = []
    for view in views:
        named = _named_by_hashes(view)
        members = (member for split in view.curated.splits for member in named(split))
        weighed = passage.weigh(Outgoing.of(*member) for member in members)
        left = replace(leaving(view), passage=passage, with_identifiers=weighed.with_identifiers)
        found.append((left, weighed))
    return found


def _named_by_hashes(view: ExportedSet) -> Members:
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
    #: What it cannot hold under other settings, where these bear on it.
    losses_by: Callable[[ExportSettings], Losses] | None = None
    #: Whether it is made of the scheme alone: no record is read, and no set is needed.
    of_scheme: bool = False
    #: What people must know of its files, said whenever it is written or checked.
    notice: str = ""

    def lost(self, view: ExportedSet, settings: ExportSettings | None = None) -> Counter[str]:
        """What the format would lose of a set under the settings, over all its records."""
        losses = self.losses_by(settings) if self.losses_by and settings else self.losses
        total: Counter[str] = Counter()
        for split in view.curated.splits:
            for record, layer in view.members(split):
                total += losses(record, layer, view.scheme)
        return total
