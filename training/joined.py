"""Several curated sets as one training: under one scheme, each with what it annotates, none learnt from that another
is measured by.

    first = SetSource("chem", chem_scheme, "digest", {"train": pairs, "validation": others, "test": last})
    second = SetSource("cases@2", case_scheme, "digest", {...})
    joined = JoinedSets([first, second], mapping={"chem": {"Drug": "medication", "Gene": "-"}})
    job = TrainingJob(joined.train, joined.validation, joined.scheme, settings, to, about=joined.to_json())
    trainer(settings, joined.scheme).train(job)
    gold = joined.pairs("chem", "test")                   # under the common names
    scope = joined.scope("chem")
    evaluate(gold, map(scope.measured, predicted), joined.own_scheme("chem"))  # by its own categories

`pairs` of a SetSource are read several times, so that they are lists or other iterables that begin anew. With a set in
`apart`, nothing is learnt from it, and nothing of its test (or validation) is learnt from the others (leave one out).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from curation.errors import UsageError, unknown_name
from curation.record import Record
from curation.scheme import Scheme
from curation.scheme_change import ChangeCounts, check_foreign
from curation.sets.duplicates import THRESHOLD
from curation.sets.split import SPLITS
from training.examples import Pair
from training.scope import LayerScope
from training.set_mapping import MappedSet, NameMapping, common_scheme
from training.sets_apart import shared_members

TRAIN, VALIDATION, TEST = SPLITS


@dataclass(frozen=True, slots=True)
class SetSource:
    """A curated set on its way into a training: its name (NAME or NAME@VERSION), its scheme, its content hash, and the
    pairs of each split, which are read several times."""

    name: str
    scheme: Scheme
    digest: str
    splits: Mapping[str, Iterable[Pair]]


@dataclass
class _Counts:
    """What was met in one split of a set, and what became of it."""

    records: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)  # of training: a set before has it in training too
    changes: ChangeCounts = field(default_factory=ChangeCounts)


@dataclass(frozen=True, slots=True)
class JoinedSplit:
    """The pairs of a split of all sets, one set after the other, read anew each time."""

    sets: Sequence[tuple[SetSource, MappedSet]]
    split: str
    leaks: Mapping[tuple[str, str, str], str]

    def __iter__(self) -> Iterator[Pair]:
        for source, mapped in self.sets:
            for record, layer in source.splits.get(self.split, ()):
                if (source.name, self.split, record.id) not in self.leaks:
                    yield record, mapped.carried(layer, ChangeCounts())


class JoinedSets:
    """The pairs of several sets under one scheme; a layer's provenance says what its set annotates (training.scope).

    mapping: by set (NAME or NAME@VERSION), its names and the common ones, or `-`. apart: sets that are only measured.
    near_duplicates: similarity from which two texts are nearly the same. Raises UsageError for names that are not
    known, a set that is named twice, schemes that contradict each other, and a set without anything to learn from.
    """

    def __init__(
        self,
        sets: Sequence[SetSource],
        *,
        mapping: NameMapping | None = None,
        apart: Sequence[SetSource] = (),
        near_duplicates: float = THRESHOLD,
    ) -> None:
        every = (*sets, *apart)
        self.mapping = _by_set(mapping or {}, [source.name for source in every])
        mapped = [MappedSet.made(source.name, source.scheme, self.mapping.get(source.name, {})) for source in every]
        self._sets = {source.name: (source, names) for source, names in zip(every, mapped, strict=True)}
        self._learnt = [self._sets[source.name] for source in sets]
        self.scheme = common_scheme(mapped)
        self._counts = {(source.name, split): _Counts() for source in every for split in SPLITS}
        shared = shared_members(self._members(), threshold=near_duplicates)
        self._leaks = shared.leaks
        for (of, split, _), reason in self._leaks.items():
            self._counts[of, split].left_out[reason] += 1
        for (of, split, _), reason in shared.repeated.items():
            self._counts[of, split].repeated[reason] += 1
        for source in sets:
            self._check_there(source.name)

    @property
    def train(self) -> JoinedSplit:
        """What is learnt from."""
        return JoinedSplit(self._learnt, TRAIN, self._leaks)

    @property
    def validation(self) -> JoinedSplit:
        """What chooses the epoch."""
        return JoinedSplit(self._learnt, VALIDATION, self._leaks)

    @property
    def test(self) -> JoinedSplit:
        """What the sets are measured by."""
        return JoinedSplit(self._learnt, TEST, self._leaks)

    def pairs(self, name: str, split: str) -> JoinedSplit:
        """One split of one set under the common names, without what is left out."""
        return JoinedSplit([self._set(name)], split, self._leaks)

    def own_scheme(self, name: str) -> Scheme:
        """The common scheme as far as a set annotates it."""
        return self.scope(name).restricted(self.scheme)

    def scope(self, name: str) -> LayerScope:
        """The common names that a set annotates."""
        return self._set(name)[1].scope

    @property
    def identity(self) -> list[JsonValue]:
        """All that the pairs depend on, for a fingerprint."""
        given: list[JsonValue] = [
            [source.name, source.digest, source.scheme.digest, dict(self.mapping.get(source.name, {}))]
            for source, _ in self._sets.values()
        ]
        return [*given, [[*member] for member in sorted(self._leaks)]]

    def left_out(self, name: str) -> list[str]:
        """The ids of the records of a set that teach nothing, since another set is measured by the like."""
        return sorted({id for of, _, id in self._leaks if of == name})

    def to_json(self) -> dict[str, JsonValue]:
        """Each set with its digest, what it annotates and what was left out of it; counts and names, no wording."""
        names = {*self.scheme.flat_keys, *(relation.name for relation in self.scheme.relations)}
        sets: list[JsonValue] = []
        for source, mapped in self._learnt:
            scope = mapped.scope
            annotates = scope.categories | scope.labels | scope.relations
            counts = {split: self._counts[source.name, split] for split in SPLITS}
            changes: Any = counts[TRAIN].changes.as_json()
            sets.append(
                {
                    "name": source.name,
                    "digest": source.digest,
                    "scheme": f"{source.scheme.name} {source.scheme.version}",
                    "scheme_digest": source.scheme.digest,
                    "records": {split: found.records - found.left_out.total() for split, found in counts.items()},
                    "left_out": {split: dict(found.left_out) for split, found in counts.items() if found.left_out},
                    "learnt_twice": dict(counts[TRAIN].repeated),
                    "not_annotated": [*sorted(names - annotates)],
                    **{name: changes[name] for name in ("renamed", "merged", "dropped", "relations_dropped")},
                }
            )
        return {"sets": sets, "mapping": {of: dict(given) for of, given in self.mapping.items()}}

    def _set(self, name: str) -> tuple[SetSource, MappedSet]:
        if name not in self._sets:
            raise unknown_name("a set of the training", name, self._sets)
        return self._sets[name]

    def _members(self) -> Iterator[tuple[str, str, Record]]:
        """All records, counted with what the mapping does to them."""
        for source, mapped in self._sets.values():
            for split in SPLITS:
                counts = self._counts[source.name, split]
                for record, layer in source.splits.get(split, ()):
                    check_foreign([layer], source.scheme)
                    counts.records += 1
                    mapped.carried(layer, counts.changes)
                    yield source.name, split, record

    def _check_there(self, name: str) -> None:
        counts = self._counts[name, TRAIN]
        if counts.records <= (left_out := counts.left_out.total()):
            why = ", ".join(
                f"{count} have {reason} in what another set is measured by" for reason, count in counts.left_out.items()
            )
            raise UsageError(
                f"expected training records in the set {name}, got "
                + (f"{left_out} that are all left out: {why}" if left_out else "none")
            )


def _by_set(mapping: NameMapping, names: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """The mapping of each set by its full name. Raises UsageError for one that is not there, or there twice."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UsageError(f"expected each set once, got {', '.join(twice)} more than once")
    found: dict[str, Mapping[str, str]] = {}
    for of, given in mapping.items():
        fits = [name for name in names if of in (name, name.partition("@")[0])]
        if not fits:
            raise unknown_name("a set of the training in the mapping", of, names)
        for name in fits:
            if name in found and of != name:
                continue  # its own section, by NAME@VERSION, stands before that of all versions
            found[name] = given
    return found
