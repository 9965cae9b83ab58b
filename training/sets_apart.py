"""What training records of one set have in common with the test of another: a model must not be measured on it."""

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

    def leaks(self) -> Iterator[tuple[Member, str]]:
        """The members that another set has in a higher split, with the reason."""
        for member, keys in self.keys.items():
            rank = SPLITS.index(member[1])
            for reason, key in keys:
                if any(other > rank for of, other in self.ranks[reason, key].items() if of != member[0]):
                    yield member, reason
                    break


def leaks_between(members: Iterable[tuple[str, str, Record]], *, threshold: float = THRESHOLD) -> Mapping[Member, str]:
    """The members that must be left out, with the reason: of a training split where another set has the like in its
    validation or test, of a validation split where another set has it in its test.

    members: the set's name, the split and the record, read once; only ids, groups and signatures of texts are held.
    threshold: Jaccard similarity from which two texts are nearly the same.
    """
    found = _SharedKeys()

    def texts() -> Iterator[tuple[str, str]]:
        for number, (of, split, record) in enumerate(members):
            member = (of, split, record.id)
            found.add(member, SAME_RECORD, record.id)
            found.add(member, SAME_GROUP, normal_group(record.group))
            found.add(member, TRANSLATION, record.translation_of or record.id)
            numbered.append(member)
            yield str(number), record.text

    numbered: list[Member] = []
    for name, cluster in enumerate(near_duplicates(texts(), threshold=threshold)):
        for number in cluster:
            found.add(numbered[int(number)], SAME_TEXT, str(name))
    return dict(found.leaks())
