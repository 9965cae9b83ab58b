"""Freezing: records of which the text and one layer are accepted become a versioned, content-addressed set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from pydantic import JsonValue

from curation.decision import Verdict, on_layer
from curation.errors import UsageError, no_such
from curation.record import Layer, Record, check_layer, without_lost
from curation.scheme import Scheme
from curation.sets.duplicates import near_duplicates
from curation.sets.selection import RecordSelection
from curation.sets.split import SPLITS, Member, divide, tie_together
from curation.settings import SplitSettings
from curation.store import Store
from curation.store.sets import CuratedSet, set_digest

#: Stratifies by the language of the records.
LANGUAGE = "language"
#: What a licence counts as that no record states.
NOT_STATED = "not stated"


@dataclass
class _Selection:
    """What is held of the records in memory: keys and counts, no text."""

    members: list[Member] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    not_validated: Counter[str] = field(default_factory=Counter)
    outdated: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    #: Entities that were lost in translation, which neither training nor exports see.
    lost: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    strata: dict[str, str] = field(default_factory=dict)


def freeze(
    store: Store,
    scheme: Scheme,
    *,
    name: str,
    layers: Sequence[str],
    split: SplitSettings,
    verdicts: Sequence[Verdict] = (Verdict.ACCEPTED,),
    wanted: RecordSelection | None = None,
) -> CuratedSet:
    """The frozen set of the records with one of the verdicts on their text and on their layer.

    The layer is the first of those given that a record has. The same records, layers and split settings give the
    same digest, and so the same version. Groups, near-duplicates and a record's translations are always in the same
    split. All is read as it was at one moment: what comes in meanwhile is left out. wanted: only these records. Raises
    UsageError when nothing is left to freeze, or there is no such thing to stratify or select by.
    """
    wanted = wanted or RecordSelection()
    with store.snapshot() as known:
        for source in wanted.sources:
            known.require_source(source)
        for language in wanted.languages:
            known.require_language(language)
        selection = _select(known, scheme, layers, verdicts, strata(scheme, split.stratify), wanted)
        wanted.check(scheme)
        texts = ((record.id, record.text) for record in known.records(selection.digests))
        clusters = near_duplicates(texts, threshold=split.near_duplicates)
    if not selection.members:
        why = ", ".join(f"{count} {reason}" for reason, count in selection.dropped.items()) or "the store is empty"
        next_step = "".join(f"; {line}" for line in how_to_validate(selection.not_validated, selection.outdated))
        raise UsageError(f"expected accepted records with a layer {' or '.join(layers)}, found none: {why}{next_step}")
    bundles = tie_together(selection.members, clusters)
    shares = split.model_dump(include=set(SPLITS))
    placed = divide(bundles, shares, seed=split.seed, strata=selection.strata if split.stratify else None)
    manifest = _manifest(selection, placed, scheme, layers, verdicts, split) | {
        "bundles": len(bundles),
        "near_duplicate_clusters": len(clusters),
        "strata": _divided_strata(selection.strata, placed) if split.stratify else {},
        "small_splits": [*_small_splits(bundles, placed, shares)],
        "selection": wanted.as_json(),
    }
    return store.put_set(
        name,
        set_digest(name, scheme.digest, ((id, selection.digests[id], placed[id]) for id in placed)),
        manifest,
        {id: (placed[id], selection.keys[id]) for id in placed},
    )


def how_to_validate(not_validated: Mapping[str, object], outdated: Mapping[str, object]) -> list[str]:
    """What to run for records whose layer has no verdict, or one on an older version: a line for each layer."""
    return [
        f"{count} {why} their layer {name}: run `curate validate --layer {name}`"
        for why, counts in (
            ("without a verdict on", not_validated),
            ("with a verdict on an older version of", outdated),
        )
        for name, count in counts.items()
    ]


#: What a record counts as, to be divided among the splits by.
Stratum = Callable[[Record, Layer], str]


def strata(scheme: Scheme, names: Sequence[str]) -> Stratum:
    """What a record counts as under these names, such as `smoking: never, with age`. UsageError for an unknown name."""
    known = [*(label.name for label in scheme.labels), *scheme.names, LANGUAGE]
    for name in names:
        if name not in known:
            raise UsageError(no_such("a document label, a category or language to stratify by", name, known))

    def stratum(record: Record, layer: Layer) -> str:
        return ", ".join(_counts_as(name, record, layer, scheme) for name in names)

    return stratum


def _counts_as(name: str, record: Record, layer: Layer, scheme: Scheme) -> str:
    if name == LANGUAGE:
        return record.language
    if name in scheme.by_name:
        return f"{'with' if any(entity.category == name for entity in layer.entities) else 'without'} {name}"
    return f"{name}: {layer.labels.get(name, 'not given')}"


def _divided_strata(strata: Mapping[str, str], placed: Mapping[str, str]) -> dict[str, JsonValue]:
    """How many records of each stratum are in each split."""
    counts = Counter((stratum, placed[id]) for id, stratum in strata.items())
    return {name: {split: counts[name, split] for split in SPLITS} for name in sorted(set(strata.values()))}


def _small_splits(
    bundles: Sequence[Sequence[str]], placed: Mapping[str, str], shares: Mapping[str, float]
) -> Iterator[str]:
    """A line for each split that was asked for and has no records, one record, or records of one group only."""
    for split in SPLITS:
        inside = [ids for ids in bundles if placed[ids[0]] == split]
        records = sum(map(len, inside))
        if shares[split] > 0 and not records:
            yield f"the split {split} is empty: {len(placed)} records in {len(bundles)} groups do not fill it"
        elif shares[split] > 0 and len(inside) == 1:
            yield f"the split {split} has {'one record' if records == 1 else f'{records} records of one group'} only"


def _select(
    store: Store,
    scheme: Scheme,
    layers: Sequence[str],
    verdicts: Sequence[Verdict],
    stratum: Stratum,
    wanted: RecordSelection,
) -> _Selection:
    selection = _Selection()
    texts = store.verdicts()
    on_layers = {name: store.verdicts(subject=on_layer(name)) for name in layers}
    outdated = store.outdated_decisions()
    keys = {name: store.latest_layer_keys(name) for name in layers}
    for item in store.items(layers):
        record = item.record
        name = next((name for name in layers if name in item.layers), None)
        text, marks = texts.get(record.id), on_layers[name].get(record.id) if name else None
        if why := wanted.left_out(record):
            selection.dropped[why] += 1
        elif text is None or text not in verdicts:
            selection.dropped[text.value if text else "undecided"] += 1
        elif name is None:
            selection.dropped["without the layer"] += 1
        elif marks is None:
            selection.dropped["layer not validated"] += 1
            selection.not_validated[name] += 1
        elif (record.id, on_layer(name)) in outdated:
            selection.dropped["layer changed since its verdict"] += 1
            selection.outdated[name] += 1
        elif marks not in verdicts:
            selection.dropped[f"layer {marks}"] += 1
        elif why := wanted.unmet(record, item.layers[name]):
            selection.dropped[why] += 1
        else:
            layer = check_layer(record, item.layers[name], categories=scheme.by_name)
            selection.members.append(Member(record.id, record.group, record.translation_of))
            selection.digests[record.id] = layer.digest
            selection.strata[record.id] = stratum(record, without_lost(layer))
            selection.keys[record.id] = keys[name][record.id]
            selection.languages[record.language] += 1
            selection.licences[record.licence or NOT_STATED] += 1
            whole = without_lost(layer)
            selection.categories.update(entity.category for entity in whole.entities)
            selection.lost += Counter(entity.category for entity in layer.entities) - Counter(
                entity.category for entity in whole.entities
            )
            selection.labels.update(layer.labels.items())
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
        "verdicts": [verdict.value for verdict in verdicts],
        "scheme": {
            "name": scheme.name,
            "version": scheme.version,
            "digest": scheme.digest,
            # Whole, so that sets of other schemes can train beside it.
            "content": scheme.model_dump(mode="json", exclude_defaults=True),
        },
        "split": split.model_dump(),
        "splits": {side: sides[side] for side in SPLITS},
        "languages": dict(sorted(selection.languages.items())),
        "licences": dict(sorted(selection.licences.items())),
        "categories": {name: selection.categories[name] for name in scheme.names},
        "labels": {
            label.name: {value: selection.labels[label.name, value] for value in label.values}
            for label in scheme.labels
        },
        **({"lost_in_translation": dict(sorted(selection.lost.items()))} if selection.lost else {}),
        "dropped": dict(sorted(selection.dropped.items())),
        "layers_not_validated": dict(sorted(selection.not_validated.items())),
        "layers_changed_since": dict(sorted(selection.outdated.items())),
        "clincurate": version("clincurate"),
    }
