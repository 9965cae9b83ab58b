"""What sets have in common: with the test of another, which a model must not learn, and in the training of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from curation.record import Record, normal_group
from curation.sets.duplicates import THRESHOLD, near_duplicates
from curation.sets.split import SPLITS

#: A record of a set: the set's name, the split, the record's id.
Member = tuple[str, str, str]
#: Why a record is left out, in the order in which they are looked for.
SAME_RECORD, SAME_GROUP, TRANSLATION, SAME_TEXT = (
    "the same record",
    "a record of the same group",
    "a translation of the same record",
    "nearly the same text",
)
#: Of these, what makes a record learnt twice where two sets have it in training.
LEARNT_TWICE = frozenset({SAME_RECORD, SAME_TEXT})


@dataclass
class _SharedKeys:
    """Which sets have a key of a record, and in which split at most: test stands above validation, above training."""

    ranks: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    keys: dict[Member, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, member: Member, reason: str, key: str) -> None:
        """One more key of a member."""
        ranks = self.ranks.setdefault((reason, key), {})
        ranks[member[0]] = max(SPLITS.index(member[1]), ranks.get(member[0], 0))
        self.keys.setdefault(member, []).append((reason, key))

    def repeated(self, sets: Mapping[str, int]) -> Iterator[tuple[Member, str]]:
        """The training members that a set before theirs has in training too, with the reason."""
        for member, keys in self.keys.items():
            for reason, key in keys if member[1] == SPLITS[0] else ():
                ranks = self.ranks[reason, key]
                if reason in LEARNT_TWICE and any(not ranks[of] for of in ranks if sets[of] < sets[member[0]]):
                    yield member, reason
                    break

    def leaks(self) -> Iterator[tuple[Member, str]]:
        """The members that another set has in a higher split, with the reason."""
        for member, keys in self.keys.items():
            rank = SPLITS.index(member[1])
            for reason, key in keys:
                if any(other > rank for of, other in self.ranks[reason, key].items() if of != member[0]):
                    yield member, reason
                    break


@dataclass(frozen=True, slots=True)
class SharedMembers:
    """What sets have in common, with the reason.

    leaks: members that must be left out, of a training split where another set has the like in its validation or test,
    of a validation split where another set has it in its test. repeated: members of a training split that a set before
    has in its training too, so that they are learnt once from each, which may annotate them otherwise.
    """

    leaks: Mapping[Member, str]
    repeated: Mapping[Member, str]


def shared_members(members: Iterable[tuple[str, str, Record]], *, threshold: float = THRESHOLD) -> SharedMembers:
    """What several sets have in common.

    members: the set's name, the split and the record, read once; only ids, groups and signatures of texts are held.
    threshold: Jaccard similarity from which two texts are nearly the same.
    """
    found = _SharedKeys()

    def texts() -> Iterator[tuple[str, str]]:
        for number, (of, split, record) in enumerate(members):
            member = (of, split, record.id)
            sets.setdefault(of, len(sets))
            found.add(member, SAME_RECORD, record.id)
            found.add(member, SAME_GROUP, normal_group(record.group))
            found.add(member, TRANSLATION, record.translation_of or record.id)
            numbered.append(member)
            yield str(number), record.text

    numbered: list[Member] = []
    sets: dict[str, int] = {}
    for name, cluster in enumerate(near_duplicates(texts(), threshold=threshold)):
        for number in cluster:
            found.add(numbered[int(number)], SAME_TEXT, str(name))
    leaks = dict(found.leaks())
    repeated = {member: reason for member, reason in found.repeated(sets) if member not in leaks}
    return SharedMembers(leaks, repeated)
