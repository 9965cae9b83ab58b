"""A curated set of a workspace, or a layer of it, written in a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.egress.settings import Destination
from curation.errors import UsageError
from curation.path_name import path_name
from curation.record import Layer, Record, without_lost
from curation.sets.layer_set import UNREVIEWED, layer_pairs, layer_set, unreviewed_set, with_other_layer
from curation.sets.split import SPLITS
from curation.store import Store
from curation.store.sets import CuratedSet
from exports.formats import FORMATS, export_format
from exports.handover import hand_over
from exports.losses import TRANSLATED, in_words
from exports.writer import ExportedSet, ExportFormat, leaving, let_out
from pipeline.egress import gate_of
from pipeline.runs import recorded_where_possible
from pipeline.steps.freeze import check_fits, chosen_set, split_pairs, tell_losses
from pipeline.workspace import Workspace

#: The folder of an export with other layers of the same records, each in a folder of its own.
LAYERS = "layers"


@dataclass
class Exported:
    """What was written, or would be: the files, and what the format has no place for."""

    set: str
    records: int
    files: list[Path] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    #: Records of the set without the layer, by the names of other layers that were asked for.
    without_layer: dict[str, int] = field(default_factory=dict)
    #: What the format has no place for in these.
    lost_beside: dict[str, Counter[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """All of it in plain values."""
        return {
            "set": self.set,
            "records": self.records,
            "files": [str(path) for path in self.files],
            "lost": dict(self.lost),
            "without_layer": dict(self.without_layer),
            "lost_beside": {name: dict(lost) for name, lost in self.lost_beside.items()},
        }


def formats() -> dict[str, str]:
    """Each format with what it is, in a few words."""
    return {name: export_format(name).what for name in FORMATS}


def check(
    workspace: Workspace, store: Store, format: str, *, curated: str | None = None, layer: str | None = None
) -> Exported:
    """What a format would lose of a set, or of a layer of the workspace, counted; nothing is written or sent."""
    chosen_format = export_format(format)
    chosen = _chosen(workspace, store, curated, layer)
    with store.snapshot() as known:
        return _counted(leaving(_view(workspace, known, chosen.digest if chosen else None, layer)), chosen_format)


def export(
    workspace: Workspace,
    store: Store,
    format: str,
    to: Path,
    *,
    curated: str | None = None,
    layer: str | None = None,
    others: Sequence[str] = (),
) -> Exported:
    """The written files of a curated set, by default the newest, or of a layer that nobody has frozen.

    others: layers of the same records that are written beside, each in a folder of its own. An earlier export stays as
    it was until all is written. Raises EgressBlockedError, and writes nothing, when the privacy policy keeps one of its
    records here, UsageError where the folder is a file.
    """
    if to.exists() and not to.is_dir():
        raise UsageError(f"expected a folder to write with --to, {to} is a file")
    chosen_format = export_format(format)
    store.require_layers([*others, *([layer] if layer else [])])
    chosen = _chosen(workspace, store, curated, layer)
    inputs: dict[str, JsonValue] = {"format": format, "set": chosen.digest if chosen else None, "layer": layer}
    with (
        recorded_where_possible(workspace, store, "export", **inputs, layers=list(others)) as outcome,
        store.snapshot() as known,
    ):
        passage = gate_of(workspace, store, run=outcome.run).passage(Destination.EXPORT, str(to))
        whole = _view(workspace, known, chosen.digest if chosen else None, layer)
        view = let_out(whole, passage)
        beside = {name: let_out(_with_other_layer(whole, known, name), passage) for name in others}
        if view.with_identifiers:
            workspace.notify(
                f"warning: {view.with_identifiers} of {view.curated.records} records in {to} hold what may identify a "
                "person; run `curate deidentify` and freeze again before you pass them on"
            )
        done = _counted(view, chosen_format)
        settings = workspace.config.exports
        with refilled(to, also_goes=_of_other_splits, tell=workspace.notify) as inside:
            written = hand_over(format, view, inside, settings, done.lost)
            for name, other in beside.items():
                done.without_layer[name] = view.curated.records - other.curated.records
                folder = inside / LAYERS / path_name(name, "a layer")
                done.lost_beside[name] = _counted(other, chosen_format).lost
                written += hand_over(format, other, folder, settings, done.lost_beside[name])
        done.files = [to / path.relative_to(inside) for path in written]
        outcome["with_identifiers"] = view.with_identifiers
        outcome |= done.as_json()
    if done.lost:
        workspace.notify(f"{format} has no place for {in_words(done.lost)}")
    for name, count in done.without_layer.items():
        if done.lost_beside[name]:
            workspace.notify(f"{format} has no place for {in_words(done.lost_beside[name])} of the layer {name}")
        if count:
            workspace.notify(f"{count} of {done.records} records have no layer {name}")
    return done


def _chosen(workspace: Workspace, store: Store, curated: str | None, layer: str | None) -> CuratedSet | None:
    """The set to write; None for a layer. Raises UsageError where both are named, or the set is of another scheme."""
    if layer is not None:
        if curated is not None:
            raise UsageError("expected --set or --layer, got both: a set has a layer of its own")
        return None
    chosen = chosen_set(store, curated)
    check_fits(chosen, workspace.scheme)
    tell_losses(workspace, chosen)
    return chosen


def _view(workspace: Workspace, store: Store, digest: str | None, layer: str | None) -> ExportedSet:
    scheme = workspace.scheme
    if layer is not None:
        return ExportedSet(layer_set(store, scheme, layer), scheme, lambda split: layer_pairs(store, layer))
    assert digest is not None
    chosen = store.curated_set(digest)
    return ExportedSet(chosen, scheme, lambda split: split_pairs(store, chosen, split))


def _with_other_layer(view: ExportedSet, store: Store, name: str) -> ExportedSet:
    """The same records with another layer, those that have it."""

    def members(split: str) -> Iterator[tuple[Record, Layer]]:
        return with_other_layer(view.members(split), store, name)

    every = ((split, record, layer) for split in view.curated.splits for record, layer in members(split))
    curated = unreviewed_set(every, view.scheme, name)
    return ExportedSet(
        curated, view.scheme, lambda split: ((record, without_lost(layer)) for record, layer in members(split))
    )


def _counted(view: ExportedSet, format: ExportFormat) -> Exported:
    """What a format would lose of a set, with what was left out of translations before."""
    curated = view.curated
    lost = format.lost(view)
    translated = curated.manifest.get("lost_in_translation")
    lost[TRANSLATED] = sum(translated.values()) if isinstance(translated, dict) else 0  # type: ignore[arg-type]
    return Exported(f"{curated.name}@{curated.version}", curated.records, lost=+lost)


def _of_other_splits(names: Collection[str]) -> set[str]:
    """The files that an export of a set with all splits would have: those of an earlier one are not this set's."""
    every = (*SPLITS, UNREVIEWED)
    return {name.replace(split, other, 1) for name in names for split in every if split in name for other in every}
