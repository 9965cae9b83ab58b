"""The training records of a set: what must not be cut, what each counts as, and parts of them to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.sets.duplicates import near_duplicates
from curation.sets.split import Member, tie_together
from curation.store.sets import CuratedSet
from training.examples import Pair
from training.experiments.nested_sizes import Features, nested_order, nested_sizes

TRAIN = "train"
#: Near-duplicates of sets whose manifest does not say how alike they were kept on one side.
ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class SomePairs:
    """Some of the pairs, read anew each time."""

    pairs: Iterable[Pair]
    ids: frozenset[str]

    def __iter__(self) -> Iterator[Pair]:
        return (pair for pair in self.pairs if pair[0].id in self.ids)


@dataclass
class TrainingRecords:
    """The training side of a set by keys and counts, no text."""

    bundles: list[list[str]] = field(default_factory=list)
    features: dict[str, Features] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.features)

    def sizes(self, sizes: Iterable[int], *, seed: int, by_class: bool) -> dict[int, list[str]]:
        """By size, the ids of a part of the records; each part is in the larger ones."""
        return nested_sizes(nested_order(self.bundles, self.features, seed=seed, by_class=by_class), list(sizes))


def training_records(curated: CuratedSet, pairs: Iterable[Pair], scheme: Scheme, task: str) -> TrainingRecords:
    """What the training side of a set has to learn a task from."""
    found, members = TrainingRecords(), list[Member]()

    def texts() -> Iterator[tuple[str, str]]:
        for record, layer in pairs:
            members.append(Member(record.id, record.group, record.translation_of))
            found.features[record.id] = _features(record, layer, scheme, task)
            yield record.id, record.text

    split = curated.manifest.get("split")
    alike = split.get("near_duplicates") if isinstance(split, dict) else None
    clusters = near_duplicates(texts(), threshold=float(str(alike or ALIKE)))
    found.bundles = tie_together(members, clusters)
    return found


def _features(record: Record, layer: Layer, scheme: Scheme, task: str) -> Features:
    """The class of a record, of document labels; else its language, categories and types of relations."""
    language = f"language {record.language}"
    if task == "labels":
        values = [f"{label.name}: {layer.labels.get(label.name, 'not given')}" for label in scheme.labels]
        return Features(stratum=", ".join([language, *values]))
    categories = {entity.category for entity in layer.entities if scheme.counts(entity)}
    types = {f"relation {relation.type}" for relation in layer.relations} if task == "relations" else set()
    return Features(has=frozenset({language, *categories, *types}))
