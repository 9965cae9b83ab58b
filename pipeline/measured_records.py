"""Records with the layer that is the reference and the layers that are measured, over the store or a frozen split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import JsonValue

from curation.batches import batched
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import ChangeCounts, foreign_names
from curation.store import Store
from pipeline.steps.freeze import split_pairs
from training.set_mapping import MappedSet

#: Members of a split whose layers are read at a time.
TOGETHER = 256


class MeasuredRecord(NamedTuple):
    """A record, the layer of reference if it has one, and those of the measured layers that it has, by name."""

    record: Record
    gold: Layer | None
    predicted: Mapping[str, Layer]
    is_frozen: bool = False  # the reference is as it was frozen


@dataclass(frozen=True, slots=True)
class Reference:
    """What is measured against: a layer on each record."""

    chosen: Mapping[str, str]  # by record, the name of its layer
    where: str  # "all records", or the set and its split
    frozen: frozenset[str] = frozenset()  # records whose layer is as it was frozen; the others have the store's newest
    without: int = 0  # records that have none of the layers: not measured

    @property
    def layers(self) -> dict[str, int]:
        """How many records each layer is the reference of."""
        return dict(Counter(self.chosen.values()))

    def without_records(self, ids: Mapping[str, object]) -> Reference:
        """The reference on the other records."""
        chosen = {id: name for id, name in self.chosen.items() if id not in ids}
        return Reference(chosen, self.where, self.frozen - ids.keys(), self.without)

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts and the manifest."""
        return {
            "layers": dict(self.layers),
            "of": self.where,
            "records": len(self.chosen),
            "frozen": len(self.frozen),
            "without": self.without,
        }

    def __str__(self) -> str:
        layers = ", ".join(f"layer {name} ({count} records)" for name, count in self.layers.items())
        newest = len(self.chosen) - len(self.frozen)
        which = (
            "as frozen" if not newest else "the newest in the store" if not self.frozen else f"{newest} not as frozen"
        )
        return f"{layers}, {which}, of {self.where}"


@dataclass
class MeasuredRecords:
    """The records, read from the store each time that they are iterated, so that memory does not grow with them.

    With a set, the members of one split, and a layer that is the frozen one as it was frozen.
    """

    store: Store
    names: Sequence[str]  # of the reference: the first that a record has
    predicted: Sequence[str]
    curated: str | None = None
    split: str | None = None
    #: The names that the set annotates: what is measured is compared by them only, and the rest counted.
    own: MappedSet | None = None
    beside: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[MeasuredRecord]:
        found = self._of_split() if self.curated else self._of_store()
        return found if self.own is None else self._by_own_names(found, self.own)

    def _by_own_names(self, found: Iterator[MeasuredRecord], own: MappedSet) -> Iterator[MeasuredRecord]:
        self.beside.clear()
        for measured in found:
            gold = own.carried(measured.gold, ChangeCounts()) if measured.gold is not None else None
            for layer in measured.predicted.values() if gold is not None else ():
                left_out = (entity.category for entity in layer.entities)
                self.beside.update(category for category in left_out if category not in own.scope.categories)
            predicted = {name: own.scope.measured(layer) for name, layer in measured.predicted.items()}
            yield measured._replace(gold=gold, predicted=predicted)

    @property
    def _read(self) -> list[str]:
        return list(dict.fromkeys((*self.names, *self.predicted)))

    def _of_store(self) -> Iterator[MeasuredRecord]:
        for item in self.store.items(self._read):
            name = next((name for name in self.names if name in item.layers), None)
            yield MeasuredRecord(item.record, item.layers[name] if name else None, self._measured(item.layers))

    def _of_split(self) -> Iterator[MeasuredRecord]:
        chosen = self.store.curated_set(str(self.curated))
        for members in batched(split_pairs(self.store, chosen, str(self.split)), TOGETHER):
            ids = [record.id for record, _ in members]
            newest = {item.record.id: item.layers for item in self.store.items(self._read, ids=ids)}
            for record, frozen in members:
                layers = newest.get(record.id, {})
                name = next((name for name in self.names if name == frozen.name or name in layers), None)
                is_frozen = name == frozen.name
                gold = frozen if is_frozen else layers[name] if name else None
                yield MeasuredRecord(record, gold, self._measured(layers), is_frozen)

    def _measured(self, layers: Mapping[str, Layer]) -> dict[str, Layer]:
        return {name: layers[name] for name in self.predicted if name in layers}


@dataclass
class Survey:
    """What a first look at the records finds."""

    reference: Reference
    #: One layer of each author of the measured layers, and how many records with a reference have each of these layers.
    authors: dict[str, Layer] = field(default_factory=dict)
    measured: Counter[str] = field(default_factory=Counter)
    languages: set[str] = field(default_factory=set)
    #: By record, the names that its layers use and the scheme does not have.
    foreign: dict[str, Counter[str]] = field(default_factory=dict)


def survey(records: MeasuredRecords, scheme: Scheme) -> Survey:
    """What there is to measure. Raises UsageError where a split is empty, or none of its records has the reference."""
    chosen: dict[str, str] = {}
    frozen: set[str] = set()
    without = 0
    found = Survey(Reference({}, "all records"))
    for record, gold, predicted, is_frozen in records:
        if gold is None:
            without += 1
            continue
        chosen[record.id] = gold.name
        frozen |= {record.id} if is_frozen else set()
        found.languages.add(record.language)
        found.authors |= {layer.author: layer for layer in predicted.values() if layer.author not in found.authors}
        found.measured.update(predicted.keys())
        if foreign := foreign_names([gold, *predicted.values()], scheme):
            found.foreign[record.id] = foreign
    found.reference = Reference(chosen, _where(records), frozenset(frozen), without)
    if records.curated:
        _require_members(records, found.reference)
    return found


def _where(records: MeasuredRecords) -> str:
    if not records.curated:
        return "all records"
    chosen = records.store.curated_set(records.curated)
    return f"{chosen.name}@{chosen.version}, split {records.split}"


def _require_members(records: MeasuredRecords, reference: Reference) -> None:
    if reference.chosen:
        return
    chosen = records.store.curated_set(str(records.curated))
    if not reference.without:
        sizes = ", ".join(f"{name} {count}" for name, count in chosen.splits.items())
        raise UsageError(
            f"expected records in the split {records.split} of {chosen.name}@{chosen.version}, got none; it has {sizes}"
        )
    members = split_pairs(records.store, chosen, str(records.split))
    layers = ", ".join(sorted({layer.name for _, layer in members}))
    raise UsageError(
        f"expected a layer {' or '.join(records.names)} on the records of {reference.where}, none of "
        f"{reference.without} has it; they were frozen with {layers}: --gold {layers.split(', ')[0]} measures against "
        "that"
    )


@dataclass(frozen=True)
class OnlyRecords:
    """The records alone, each time that they are iterated."""

    records: Iterable[MeasuredRecord]

    def __iter__(self) -> Iterator[Record]:
        return (found.record for found in self.records if found.gold is not None)
