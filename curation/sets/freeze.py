"""Freezing: accepted records and one layer of each become a versioned, content-addressed set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from pydantic import JsonValue

from curation.decision import Verdict
from curation.errors import UsageError
from curation.record import check_layer, digest
from curation.scheme import Scheme
from curation.sets.duplicates import near_duplicates
from curation.sets.split import SPLITS, Member, divide, tie_together
from curation.settings import SplitSettings
from curation.store import Store
from curation.store.sets import CuratedSet


@dataclass
class _Selection:
    """What the stream of records leaves in memory: keys and counts, no text."""

    members: list[Member] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)


def freeze(
    store: Store,
    scheme: Scheme,
    *,
    name: str,
    layers: Sequence[str],
    split: SplitSettings,
    verdicts: Sequence[Verdict] = (Verdict.ACCEPTED,),
) -> CuratedSet:
    """The frozen set of the records with one of the verdicts, each with the first of the layers it has.

    The same records, layers and split settings give the same digest, and so the same version. Groups,
    near-duplicates and a record's translations always stand on the same side. Raises UsageError when
    nothing is left to freeze.
    """
    selection = _select(store, scheme, layers, verdicts)
    if not selection.members:
        why = ", ".join(f"{count} {reason}" for reason, count in selection.dropped.items()) or "the store is empty"
        raise UsageError(f"expected accepted records with a layer {' or '.join(layers)}, found none: {why}")
    texts = ((record.id, record.text) for record in store.records(selection.digests))
    clusters = near_duplicates(texts, threshold=split.near_duplicates)
    bundles = tie_together(selection.members, clusters)
    placed = divide(bundles, split.model_dump(include=set(SPLITS)), seed=split.seed)
    content = sorted((id, selection.digests[id], placed[id]) for id in placed)
    manifest = _manifest(selection, placed, scheme, layers, verdicts, split) | {
        "bundles": len(bundles),
        "near_duplicate_clusters": len(clusters),
    }
    return store.put_set(
        name,
        digest([name, scheme.digest, content], length=32),
        manifest,
        {id: (placed[id], selection.keys[id]) for id in placed},
    )


def _select(store: Store, scheme: Scheme, layers: Sequence[str], verdicts: Sequence[Verdict]) -> _Selection:
    selection = _Selection()
    decided = store.decisions()
    keys = {name: store.latest_layer_keys(name) for name in layers}
    for item in store.items(layers):
        record = item.record
        decision = decided.get(record.id)
        name = next((name for name in layers if name in item.layers), None)
        if decision is None or decision.verdict not in verdicts:
            selection.dropped[decision.verdict.value if decision else "undecided"] += 1
        elif name is None:
            selection.dropped["without the layer"] += 1
        else:
            layer = check_layer(record, item.layers[name], categories=scheme.by_name)
            selection.members.append(Member(record.id, record.group, record.translation_of))
            selection.digests[record.id] = layer.digest
            selection.keys[record.id] = keys[name][record.id]
            selection.languages[record.language] += 1
            selection.licences[record.licence or "not stated"] += 1
            selection.categories.update(entity.category for entity in layer.entities)
    return selection


def _manifest(
    selection: _Selection,
    placed: Mapping[str, str],
    scheme: Scheme,
    layers: Sequence[str],
    verdicts: Sequence[Verdict],
    split: SplitSettings,
) -> dict[str, JsonValue]:
    sides = Counter(placed.values())
    return {
        "layer": " or ".join(layers),
        "verdicts": [one.value for one in verdicts],
        "scheme": {"name": scheme.name, "version": scheme.version, "digest": scheme.digest},
        "split": split.model_dump(),
        "splits": {side: sides[side] for side in SPLITS},
        "languages": dict(sorted(selection.languages.items())),
        "licences": dict(sorted(selection.licences.items())),
        "categories": {name: selection.categories[name] for name in scheme.names},
        "dropped": dict(sorted(selection.dropped.items())),
        "clincurate": version("clincurate"),
    }
