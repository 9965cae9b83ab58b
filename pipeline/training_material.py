"""What an adapter learns from: one curated set of a workspace, or several joined under one scheme."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.errors import unknown_name
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import scheme_names
from curation.sets.split import SPLITS
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.steps.freeze import check_fits, chosen_set, scheme_of, split_pairs, tell_losses
from pipeline.workspace import Workspace
from training.examples import Pair
from training.joined import JoinedSets, SetSource
from training.set_mapping import MappedSet, read_mapping

#: Of the names that a set's scheme lacks, so many are told.
NAMED = 5


@dataclass(frozen=True, slots=True)
class SplitPairs:
    """The records of a split with their frozen layers, read from the store each time."""

    store: Store
    curated: CuratedSet
    split: str

    def __iter__(self) -> Iterator[tuple[Record, Layer]]:
        return split_pairs(self.store, self.curated, self.split)


@dataclass(frozen=True, slots=True)
class TrainingMaterial:
    """The splits to learn from and their scheme; content: all that they depend on; about: what the manifest says."""

    sets: tuple[CuratedSet, ...]
    scheme: Scheme
    splits: Mapping[str, Iterable[Pair]]
    content: Sequence[object]
    about: dict[str, JsonValue] = field(default_factory=dict)
    #: By content hash, the ids of the records of a set that are not learnt from.
    left_out: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The sets, as NAME@VERSION."""
        return " + ".join(map(set_name, self.sets))

    @property
    def digests(self) -> list[JsonValue]:
        """The content hash of each set."""
        return [curated.digest for curated in self.sets]


def training_material(
    workspace: Workspace, store: Store, names: Sequence[str] | str | None = None, mapping: Path | None = None
) -> TrainingMaterial:
    """The curated sets of these names, by default the newest one; several, or with a mapping, under one scheme.

    Raises UsageError for a set that there is not or that does not fit the workspace's scheme, and as `JoinedSets`.
    """
    names = [names] if isinstance(names, str) else names or [None]  # type: ignore[list-item]
    chosen = tuple(chosen_set(store, name) for name in names)
    for curated in chosen:
        tell_losses(workspace, curated)
    if len(chosen) == 1 and mapping is None:
        return _single(workspace, store, chosen[0])
    sources = [
        SetSource(
            set_name(curated),
            scheme_of(curated, workspace),
            curated.digest,
            {split: SplitPairs(store, curated, split) for split in SPLITS},
        )
        for curated in chosen
    ]
    joined = JoinedSets(
        sources,
        mapping=read_mapping(mapping) if mapping else None,
        near_duplicates=workspace.config.curation.split.near_duplicates,
    )
    splits = {"train": joined.train, "validation": joined.validation, "test": joined.test}
    content = [*joined.identity, [sorted(curated.deleted.items()) for curated in chosen]]
    left_out: dict[str, JsonValue] = {curated.digest: [*joined.left_out(set_name(curated))] for curated in chosen}
    return TrainingMaterial(chosen, joined.scheme, splits, content, joined.to_json(), left_out)


def _single(workspace: Workspace, store: Store, curated: CuratedSet) -> TrainingMaterial:
    check_fits(curated, workspace.scheme)
    _tell_not_annotated(workspace, curated)
    return TrainingMaterial(
        (curated,),
        workspace.scheme,
        {split: SplitPairs(store, curated, split) for split in SPLITS},
        [curated.digest, sorted(curated.deleted.items()), workspace.scheme.digest],
    )


def _tell_not_annotated(workspace: Workspace, curated: CuratedSet) -> None:
    """Tell what the workspace's scheme has and the one of a set has not: it is learnt as what is not in the texts."""
    noted: Any = curated.manifest["scheme"]
    if noted["digest"] == workspace.scheme.digest or "content" not in noted:
        return
    own = scheme_of(curated, workspace)
    if lacking := sorted({*scheme_names(workspace.scheme)} - {*scheme_names(own)}):
        more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
        workspace.notify(
            f"warning: {set_name(curated)} was frozen with the scheme {own.name} {own.version}, which does not have "
            f"{', '.join(lacking[:NAMED])}{more}: its records teach that there is none of it. Name its scheme in "
            "curation.scheme to learn what it annotates alone"
        )


def own_names(workspace: Workspace, store: Store, curated: CuratedSet, mapping: Path | None = None) -> MappedSet | None:
    """What a set annotates, under the common names of a mapping; None where that is the workspace's scheme.

    Without a mapping, a set with names that the workspace's scheme does not have is of another scheme: None too. That
    the mapping has nothing of this set is told. Raises UsageError for a set in the mapping that there is not.
    """
    noted: Any = curated.manifest["scheme"]
    if mapping is None and (noted["digest"] == workspace.scheme.digest or "content" not in noted):
        return None
    scheme, name = scheme_of(curated, workspace), set_name(curated)
    given = read_mapping(mapping) if mapping else {}
    known = {spoken for each in store.curated_sets() for spoken in (each.name, set_name(each))}
    for spoken in given:
        if spoken not in known:
            raise unknown_name(f"a curated set in {mapping}", spoken, sorted(known))
    section = given.get(name, given.get(curated.name))
    if mapping and section is None:
        workspace.notify(f"{mapping} has no names of {name}: it is measured by its own ones")
    found = MappedSet.made(name, scheme, section or {})
    return found if mapping or {*scheme_names(scheme)} <= {*scheme_names(workspace.scheme)} else None


def set_name(curated: CuratedSet) -> str:
    """A set as NAME@VERSION."""
    return f"{curated.name}@{curated.version}"
