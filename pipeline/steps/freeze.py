"""Curated sets of a workspace: frozen, and found again by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import JsonValue

from curation.decision import Verdict
from curation.errors import UsageError
from curation.path_name import path_name
from curation.record import Layer, Record, without_lost
from curation.scheme import Scheme
from curation.scheme_change import VALUE, in_words, scheme_names
from curation.sets.freeze import freeze as freeze_records
from curation.sets.selection import Condition, RecordSelection
from curation.store import Store
from curation.store.sets import CuratedSet
from curation.translate.standing import doubled
from pipeline.runs import recorded
from pipeline.workspace import Workspace


def freeze(
    workspace: Workspace,
    store: Store,
    *,
    name: str,
    layers: Sequence[str],
    verdicts: Sequence[Verdict] = (Verdict.ACCEPTED,),
    stratify: Sequence[str] | None = None,
    sources: Sequence[str] = (),
    languages: Sequence[str] = (),
    where: Sequence[str] = (),
) -> CuratedSet:
    """A frozen set of the records with one of the verdicts and one of the layers.

    stratify: in the place of `curation.split.stratify`. sources, languages: only records of one of them; where: that
    meet all of these conditions (`curation.sets.selection`).

    Raises UsageError for a layer that no record has, and when nothing is left to freeze.
    """
    name = path_name(name, "a set")
    store.require_layers(layers)
    split = workspace.config.curation.split
    if stratify is not None:
        split = split.model_copy(update={"stratify": tuple(stratify)})
    wanted = RecordSelection(sources, languages, [Condition.read(written, workspace.scheme) for written in where])
    inputs: dict[str, JsonValue] = {
        "name": name,
        "layers": list(layers),
        "verdicts": [verdict.value for verdict in verdicts],
        "stratify": list(split.stratify),
        **wanted.as_json(),
    }
    with recorded(workspace, store, "freeze", **inputs) as outcome:
        frozen = freeze_records(
            store,
            workspace.scheme,
            name=name,
            layers=layers,
            split=split,
            verdicts=verdicts,
            wanted=wanted,
        )
        outcome |= frozen.model_dump(mode="json")
        _tell_doubled(workspace, store, frozen)
    return frozen


def _tell_doubled(workspace: Workspace, store: Store, frozen: CuratedSet) -> None:
    languages = frozen.manifest["languages"]
    assert isinstance(languages, dict)
    if count := doubled(store, languages):
        workspace.notify(
            f"warning: {count} records have two translations that were made here: a run of `curate translate` was "
            "killed. Run it again, it sets the older ones aside, and freeze anew"
        )


def chosen_set(store: Store, name: str | None = None) -> CuratedSet:
    """The curated set of that name, by default the newest. Raises UsageError when there is none."""
    if name:
        return store.curated_set(name)
    frozen = store.curated_sets()
    if not frozen:
        raise UsageError("expected a curated set, there is none yet; run `curate freeze` first")
    return frozen[-1]


def scheme_of(curated: CuratedSet, workspace: Workspace) -> Scheme:
    """The scheme that a set was frozen with. Raises UsageError where the set does not carry it."""
    noted: Any = curated.manifest["scheme"]
    if noted["digest"] == workspace.scheme.digest:
        return workspace.scheme
    if "content" not in noted:
        raise UsageError(
            f"expected a set that carries its scheme {noted['name']}, {curated.name}@{curated.version} was frozen by "
            "an earlier version of Clincurate: name its scheme in curation.scheme and freeze it under another name"
        )
    return Scheme.model_validate(noted["content"])


def check_fits(curated: CuratedSet, scheme: Scheme) -> None:
    """Raises UsageError for a set with categories, document labels or values that a scheme does not have."""
    counted: Any = curated.manifest
    used: dict[str, int] = {name: count for name, count in counted["categories"].items() if count}
    # Sets that were frozen by an earlier version did not count labels.
    for label, values in counted.get("labels", {}).items():
        used |= {f"{label}{VALUE}{value}": count for value, count in values.items() if count}
    known = set(scheme_names(scheme))
    if foreign := {name: count for name, count in used.items() if name not in known}:
        raise UsageError(
            f"expected a set of the scheme {scheme.name} {scheme.version}, {curated.name}@{curated.version} was frozen "
            f"with {in_words(foreign)}: carry its layers over with `curate scheme migrate` and freeze a new one, or "
            "name its scheme in curation.scheme"
        )


def tell_losses(workspace: Workspace, curated: CuratedSet) -> None:
    """Tell people where records of a set were deleted: what is made from it now is not what its hash stands for."""
    if count := sum(curated.deleted.values()):
        workspace.notify(
            f"{curated.name}@{curated.version}: {count} of its records were deleted after it was frozen; its content "
            "hash fits no more, freeze anew"
        )


def split_pairs(store: Store, curated: CuratedSet, split: str) -> Iterator[tuple[Record, Layer]]:
    """The records of a split with their frozen layers, streamed."""
    return ((record, without_lost(layer)) for _, record, layer in store.set_members(curated.digest, split=split))
