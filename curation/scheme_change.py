"""What differs between two schemes, and layers carried from one to the other: renamed, merged, dropped, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from curation.errors import UsageError
from curation.record import Entity, Layer, Relation
from curation.scheme import Category, DocumentLabel, EntityAttribute, RelationType, Scheme

#: Between a document label's name and one of its values, as in `smoking_status.past`.
VALUE = "."


@dataclass(frozen=True, slots=True)
class SchemeDifference:
    """Names that only one of two schemes has (categories, document labels, values as LABEL.VALUE), and what changed."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    #: The keys that differ, by the name of the category, document label, relation or attribute.
    changed: dict[str, tuple[str, ...]]


def difference(old: Scheme, new: Scheme) -> SchemeDifference:
    """What differs from the old scheme to the new one."""
    before, after = scheme_names(old), scheme_names(new)
    parts = [{part.name: part for part in _parts(scheme)} for scheme in (old, new)]
    changed = {
        name: keys
        for name in parts[0].keys() & parts[1].keys()
        if (keys := tuple(_differing(parts[0][name].model_dump(), parts[1][name].model_dump())))
    }
    return SchemeDifference(
        removed=tuple(name for name in before if name not in after),
        added=tuple(name for name in after if name not in before),
        changed={name: changed[name] for name in parts[0] if name in changed},
    )


def scheme_names(scheme: Scheme) -> tuple[str, ...]:
    """The names that layers can use: categories, document labels, and values as LABEL.VALUE."""
    values = (f"{label.name}{VALUE}{value}" for label in scheme.labels for value in label.values)
    return (*scheme.flat_keys, *values)


def _parts(scheme: Scheme) -> Iterator[Category | DocumentLabel | RelationType | EntityAttribute]:
    yield from scheme.categories
    yield from scheme.labels
    yield from scheme.relations
    yield from scheme.attributes


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    yield from (key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key))


@dataclass(slots=True)
class ChangeCounts:
    """What a change did to layers: how many of each name were rewritten, and to what in them."""

    layers: Counter[str] = field(default_factory=Counter)
    #: Entities and label values that were given another name, as `old -> new`.
    renamed: Counter[str] = field(default_factory=Counter)
    #: Entities that became the same as another one of their layer, by category.
    merged: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    #: Relations of entities that were dropped, or that became one.
    relations_dropped: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        counters = {name: dict(getattr(self, name)) for name in ("layers", "renamed", "merged", "dropped")}
        return {**counters, "relations_dropped": self.relations_dropped}


@dataclass(frozen=True, slots=True)
class SchemeChange:
    """New names by old ones, and names to drop; a name is a category, a document label or LABEL.VALUE."""

    renames: Mapping[str, str]
    drops: frozenset[str]

    @classmethod
    def of(cls, renames: Sequence[str], drops: Sequence[str], new: Scheme) -> SchemeChange:
        """The change in words such as `drug=medication`. Raises UsageError for one that the new scheme cannot hold."""
        pairs: dict[str, str] = {}
        for rename in renames:
            old, equals, to = (part.strip() for part in rename.partition("="))
            if not equals or not old or not to:
                raise UsageError(f"expected --rename OLD=NEW, got {rename!r}")
            if old in pairs:
                raise UsageError(f"expected each name renamed once, got {old} twice")
            if to not in scheme_names(new):
                raise UsageError(f"expected a name of the scheme {new.name} in --rename {rename}, it has no {to}")
            pairs[old] = to
        for old, to in pairs.items():
            label = pairs.get(_label(old), _label(old))
            if (VALUE in old) != (VALUE in to) or (VALUE in old and label != _label(to)):
                raise UsageError(f"expected --rename {old}={label}{VALUE}VALUE, got --rename {old}={to}")
        if both := sorted(pairs.keys() & set(drops)):
            raise UsageError(f"expected each name renamed or dropped, got both for {', '.join(both)}")
        return cls(pairs, frozenset(drops))

    @property
    def names(self) -> frozenset[str]:
        """The old names that the change speaks of."""
        return frozenset(self.renames) | self.drops

    def target(self, name: str) -> str | None:
        """What a name becomes; None where it is dropped. The values of a label go with it."""
        label, _, value = name.partition(VALUE)
        if {name, label} & self.drops:
            return None
        return self.renames.get(name, f"{self.renames.get(label, label)}{VALUE}{value}" if value else name)

    def carried(self, layer: Layer, counts: ChangeCounts) -> Layer | None:
        """The layer under the new names; None where nothing in it changes. What was done is added to the counts."""
        entities, same = self._entities(layer.entities, counts)
        labels = self._labels(layer.labels, counts)
        relations = tuple(_relations(layer.relations, {entity.id for entity in entities}, same))
        if (entities, labels) == (layer.entities, layer.labels):
            return None
        counts.layers[layer.name] += 1
        counts.relations_dropped += len(layer.relations) - len(relations)
        return layer.model_copy(
            update={
                "entities": entities,
                "labels": labels,
                "relations": relations,
                "created": datetime.now(UTC),
                "provenance": layer.provenance | {"migrated_from": layer.digest},
            }
        )

    def _entities(self, entities: Iterable[Entity], counts: ChangeCounts) -> tuple[tuple[Entity, ...], dict[str, str]]:
        """The entities under their new names, and for each that became another one the id of that one."""
        kept: dict[object, Entity] = {}
        same: dict[str, str] = {}
        for entity in entities:
            if entity.category in self.drops:
                counts.dropped[entity.category] += 1
                continue
            new = self.renames.get(entity.category)
            key: object = entity.id
            if new is not None:
                counts.renamed[f"{entity.category} -> {new}"] += 1
                entity = entity.model_copy(update={"category": new})
            if entity.category in self.renames.values():
                key = (entity.category, entity.spans or entity.text, entity.assertion)
            if key in kept:
                counts.merged[entity.category] += 1
                same[entity.id] = kept[key].id
            else:
                kept[key] = entity
        return tuple(kept.values()), same

    def _labels(self, labels: Mapping[str, str], counts: ChangeCounts) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in labels.items():
            given = f"{name}{VALUE}{value}"
            new = self.target(given)
            if new is None:
                counts.dropped[name if name in self.drops else given] += 1
                continue
            if new != given:
                counts.renamed[f"{given} -> {new}"] += 1
            label, _, value = new.partition(VALUE)
            found[label] = value
        return found


def _relations(relations: Iterable[Relation], ids: set[str], same: Mapping[str, str]) -> Iterator[Relation]:
    """The relations between entities that are there; those of one that became another are the other's."""
    seen: set[tuple[str, str, str]] = set()
    for relation in relations:
        head, tail = same.get(relation.head, relation.head), same.get(relation.tail, relation.tail)
        key = (relation.type, head, tail)
        if {head, tail} <= ids and head != tail and key not in seen:
            seen.add(key)
            yield relation.model_copy(update={"head": head, "tail": tail})


def _label(name: str) -> str:
    return name.partition(VALUE)[0]


def foreign_names(layers: Iterable[Layer], scheme: Scheme) -> Counter[str]:
    """How often layers use what a scheme does not have; of a foreign document label its name, not also its values."""
    known = set(scheme_names(scheme))
    used = sum((names_in(layer) for layer in layers), Counter[str]())
    foreign = Counter({name: count for name, count in used.items() if name not in known})
    return Counter({name: count for name, count in foreign.items() if VALUE not in name or _label(name) not in foreign})


def in_words(foreign: Mapping[str, int]) -> str:
    """Such names in order, then how often each is used: `age, smoking.past (12 and 3 times)`."""
    names = sorted(foreign)
    counts = [f"{foreign[name]:,}" for name in names]
    return f"{', '.join(names)} ({' and '.join(filter(None, (', '.join(counts[:-1]), counts[-1])))} times)"


#: What to do about layers that use names which the scheme does not have.
REMEDY = (
    "carry the layers over with `curate scheme migrate --rename OLD=NEW` or `--drop OLD`, or name the scheme that they "
    "were made with in curation.scheme"
)


def check_foreign(layers: Iterable[Layer], scheme: Scheme) -> None:
    """Raises UsageError for layers that use what a scheme does not have."""
    refuse_foreign(foreign_names(layers, scheme), scheme)


def refuse_foreign(foreign: Mapping[str, int], scheme: Scheme) -> None:
    """Raises UsageError where there are names that the scheme does not have, with how often each is used."""
    if foreign:
        raise UsageError(
            f"expected layers of the scheme {scheme.name} {scheme.version}, they use {in_words(foreign)}: {REMEDY}"
        )


def names_in(layer: Layer) -> Counter[str]:
    """How often a layer uses each name: categories, document labels, and values as LABEL.VALUE."""
    used = Counter(entity.category for entity in layer.entities)
    used.update(layer.labels.keys())
    used.update(f"{name}{VALUE}{value}" for name, value in layer.labels.items())
    return used
