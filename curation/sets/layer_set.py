"""A layer of a workspace in the shape of a curated set, for what is handed over although nobody has frozen it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from curation.batches import batched
from curation.decision import Verdict, on_layer
from curation.errors import UsageError
from curation.record import Layer, Record, check_layer, without_lost
from curation.scheme import Scheme
from curation.sets.freeze import NOT_STATED
from curation.store import Store
from curation.store.engine import CHUNK
from curation.store.sets import CuratedSet, set_digest

#: The one split of such a set, and the key of its manifest that says what it is.
UNREVIEWED = "unreviewed"
#: Verdicts after which neither a record nor its layer is handed over.
REFUSED = frozenset({Verdict.REJECTED, Verdict.QUARANTINED})

#: The split of a member, its record and its layer.
SplitMember = tuple[str, Record, Layer]


def layer_set(store: Store, scheme: Scheme, layer: str) -> CuratedSet:
    """The records with the layer, but those rejected or quarantined (or whose layer is), as an unreviewed set.

    Raises UsageError where there is no such layer or nothing is left, ContradictionError for other categories than
    the scheme's.
    """
    store.require_layers([layer])
    dropped = Counter[str]()
    members = ((UNREVIEWED, record, found) for record, found in _accepted(store, layer, dropped))
    made = unreviewed_set(members, scheme, layer, dropped)
    if not made.records:
        raise UsageError(
            f"expected records with the layer {layer} that are neither rejected nor quarantined, found none"
        )
    return made


def layer_pairs(store: Store, layer: str) -> Iterator[tuple[Record, Layer]]:
    """The records of `layer_set` with their layers as the store has them, streamed."""
    return _accepted(store, layer, Counter())


def with_other_layer(
    members: Iterable[tuple[Record, Layer]], store: Store, layer: str
) -> Iterator[tuple[Record, Layer]]:
    """The records among members that have another layer, with that one."""
    for batch in batched(members, CHUNK):
        records = {record.id: record for record, _ in batch}
        for item in store.items([layer], ids=list(records)):
            if layer in item.layers:
                yield records[item.record.id], item.layers[layer]


def unreviewed_set(
    members: Iterable[SplitMember], scheme: Scheme, layer: str, dropped: Counter[str] | None = None
) -> CuratedSet:
    """The members as a set, with counts of the same kinds as a frozen one has, and the word that it is none.

    dropped: why records were left out, which is counted while the members are read.
    """
    digests: dict[str, tuple[str, str]] = {}
    languages, licences = Counter[str](), Counter[str]()
    categories, lost = Counter[str](), Counter[str]()
    labels = {label.name: Counter[str]() for label in scheme.labels}
    for split, record, found in members:
        whole = without_lost(check_layer(record, found, categories=scheme.by_name))
        digests[record.id] = (whole.digest, split)
        languages[record.language] += 1
        licences[record.licence or NOT_STATED] += 1
        categories.update(entity.category for entity in whole.entities)
        lost.update(entity.category for entity in found.entities)
        lost.subtract(entity.category for entity in whole.entities)
        for name, value in whole.labels.items():
            labels.setdefault(name, Counter())[value] += 1
    manifest: dict[str, JsonValue] = {
        UNREVIEWED: True,
        "layer": layer,
        "splits": dict(Counter(split for _, split in digests.values())),
        "languages": dict(sorted(languages.items())),
        "licences": dict(sorted(licences.items())),
        "categories": {name: categories[name] for name in scheme.names},
        "labels": {name: dict(sorted(values.items())) for name, values in labels.items()},
        "dropped": dict(sorted((dropped or Counter()).items())),
        "lost_in_translation": dict(sorted((+lost).items())),
    }
    every = ((id, layer_digest, split) for id, (layer_digest, split) in digests.items())
    return CuratedSet(
        digest=set_digest(layer, scheme.digest, every), name=f"layer {layer}", version=1, manifest=manifest
    )


def _accepted(store: Store, layer: str, dropped: Counter[str]) -> Iterator[tuple[Record, Layer]]:
    """The records with the layer that nothing forbids to hand over, with their layers whole."""
    texts, on_layers = store.verdicts(), store.verdicts(subject=on_layer(layer))
    for item in store.items([layer], ids=store.record_ids(having=[layer])):
        text, marks = texts.get(item.record.id), on_layers.get(item.record.id)
        if text in REFUSED:
            dropped[str(text)] += 1
        elif marks in REFUSED:
            dropped[f"layer {marks}"] += 1
        else:
            yield item.record, item.layers[layer]
