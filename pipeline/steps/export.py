"""A curated set of a workspace, or a layer of it, written in a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.author import human, is_human, is_repeat, own_name
from curation.egress.settings import Destination
from curation.errors import UsageError
from curation.path_name import folder_name, path_name
from curation.record import Layer, Record, without_lost
from curation.sets.layer_set import layer_pairs, layer_set, unreviewed_set, with_other_layer
from curation.sources.own_folder import LAYERS
from curation.store import Store
from curation.store.sets import CuratedSet
from exports.formats import FORMATS, export_format
from exports.handover import hand_over
from exports.losses import TRANSLATED, in_words
from exports.pseudonyms import in_data
from exports.settings import ExportSettings
from exports.target_folder import earlier_entries, require_folder, require_free
from exports.writer import ExportedSet, ExportFormat, Members, leaving, let_out
from pipeline.egress import gate_of
from pipeline.evidence.measured import frozen_by, measured
from pipeline.runs import recorded_where_possible
from pipeline.steps.freeze import check_fits, chosen_set, tell_losses
from pipeline.workspace import Workspace


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
    #: Who annotated, by the names that stand in the files.
    people: dict[str, str] = field(default_factory=dict)
    #: What people must know of the files.
    notice: str = ""

    def as_json(self) -> dict[str, JsonValue]:
        """All of it in plain values."""
        return {
            "set": self.set,
            "records": self.records,
            "files": [str(path) for path in self.files],
            "lost": dict(self.lost),
            "without_layer": dict(self.without_layer),
            "lost_beside": {name: dict(lost) for name, lost in self.lost_beside.items()},
            "people": dict(self.people),
            **({"notice": self.notice} if self.notice else {}),
        }


def formats() -> dict[str, str]:
    """Each format with what it is, in a few words."""
    return {name: export_format(name).what for name in FORMATS}


def stored_layer(store: Store, name: str) -> str:
    """The layer that a name stands for, whether its letters are composed or not; what is none, as it is."""
    names = store.layer_names()
    same = (found for found in names if normalize("NFC", found) == normalize("NFC", name))
    return name if name in names else next(same, name)


def check(
    workspace: Workspace, store: Store, format: str, *, curated: str | None = None, layer: str | None = None
) -> Exported:
    """What a format would lose of a set, or of a layer of the workspace, counted; nothing is written or sent."""
    chosen_format = export_format(format)
    _check_records_are_asked_for(format, chosen_format, curated, layer)
    chosen = chosen_for_export(workspace, store, chosen_format, curated, layer)
    with store.snapshot() as known:
        view = leaving(export_view(workspace, known, chosen_format, chosen.digest if chosen else None, layer))
        done = counted(view, chosen_format, workspace.config.exports)
    tell_people(workspace, done)
    if done.notice:
        workspace.notify(f"{format}: {done.notice}")
    return done


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
    records here, UsageError where the folder is a file or holds files of others where the export goes.
    """
    require_folder(to)
    chosen_format = export_format(format)
    _check_records_are_asked_for(format, chosen_format, curated, layer, *others)
    store.require_layers([*others, *([layer] if layer else [])])
    chosen = chosen_for_export(workspace, store, chosen_format, curated, layer)
    inputs: dict[str, JsonValue] = {"format": format, "set": chosen.digest if chosen else None, "layer": layer}
    with (
        recorded_where_possible(workspace, store, "export", **inputs, layers=list(others)) as outcome,
        store.snapshot() as known,
    ):
        view = export_view(workspace, known, chosen_format, chosen.digest if chosen else None, layer)
        beside = {name: export_beside(view, known, name) for name in others}
        require_free(to, names_to_come(format, view, workspace.config.exports, others))
        if not chosen_format.of_scheme:
            passage = gate_of(workspace, store, run=outcome.run).passage(Destination.EXPORT, str(to), at_once=False)
            view, *left = let_out([view, *beside.values()], passage)
            beside = dict(zip(others, left, strict=True))
        warn_of_identifiers(workspace, view, f"in {to}")
        settings = workspace.config.exports
        done = counted(view, chosen_format, settings)
        with put_in(to, workspace) as inside:
            written = write_all(done, format, view, beside, inside, settings)
        done.files = [to / path.relative_to(inside) for path in written]
        outcome["with_identifiers"] = view.with_identifiers
        outcome |= done.as_json()
    if done.notice:
        workspace.notify(f"{format}: {done.notice}")
    tell_lost(workspace, format, done)
    return done


def write_all(
    done: Exported,
    format: str,
    view: ExportedSet,
    beside: Mapping[str, ExportedSet],
    to: Path,
    settings: ExportSettings,
) -> list[Path]:
    """The files of a set and of other layers beside it, in an empty folder; what these lose joins what was done."""
    written = hand_over(format, view, to, settings, done.lost)
    folders = layer_folders(view, beside)
    for name, other in beside.items():
        done.without_layer[name] = view.curated.records - other.curated.records
        found = counted(other, export_format(format), settings)
        done.lost_beside[name] = found.lost
        done.people |= found.people
        written += hand_over(format, other, to / LAYERS / folders[name], settings, found.lost)
    return written


def layer_folders(view: ExportedSet, names: Iterable[str]) -> dict[str, str]:
    """The folder of each layer beside an export, by the layer's name: `person-2` for that of a person.

    Raises UsageError where the name of a layer is no name of a folder.
    """
    folders: dict[str, str] = {}
    for name in names:
        leaves = in_data(name, view.people)
        wanted = path_name(folder_name(own_name(leaves) if is_human(leaves) else leaves), "a layer")
        taken = {folder.casefold() for folder in folders.values()}
        every = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 2)))
        folders[name] = next(folder for folder in every if folder.casefold() not in taken)
    return folders


def tell_people(workspace: Workspace, done: Exported) -> None:
    """A line for people about the names under which people's annotations leave."""
    if not done.people:
        return
    if workspace.config.exports.people_named:
        workspace.notify(
            f"warning: the names of {len(done.people)} people leave with their annotations, since "
            "exports.people_named is true"
        )
        return
    named = ", ".join(f"{person} as {leaves}" for leaves, person in sorted(done.people.items()))
    workspace.notify(f"people leave without their names: {named}")


def warn_of_identifiers(workspace: Workspace, view: ExportedSet, where: str) -> None:
    """A line for people where records that leave hold identifiers. where: the place, as `in FOLDER`."""
    if view.with_identifiers:
        workspace.notify(
            f"warning: {view.with_identifiers} of {view.curated.records} records {where} hold what may identify a "
            "person; run `curate deidentify` and freeze again before you pass them on"
        )


def tell_lost(workspace: Workspace, format: str, done: Exported) -> None:
    """Lines for people about what the format has no place for, and whose annotations these are."""
    tell_people(workspace, done)
    if done.lost:
        workspace.notify(f"{format} has no place for {in_words(done.lost)}")
    for name, count in done.without_layer.items():
        if done.lost_beside[name]:
            workspace.notify(f"{format} has no place for {in_words(done.lost_beside[name])} of the layer {name}")
        if count:
            workspace.notify(f"{count} of {done.records} records have no layer {name}")


def _check_records_are_asked_for(format: str, chosen: ExportFormat, *named: str | None) -> None:
    """Raises UsageError where records are named for a format of the scheme alone."""
    if chosen.of_scheme and any(named):
        raise UsageError(f"expected no --set, --layer or --layers: {format} is made of the scheme alone")


def chosen_for_export(
    workspace: Workspace, store: Store, format: ExportFormat, curated: str | None, layer: str | None
) -> CuratedSet | None:
    """The set to write; None for a layer, or for a format of the scheme alone.

    Raises UsageError where both are named, or the set is of another scheme.
    """
    if format.of_scheme:
        return None
    if layer is not None:
        if curated is not None:
            raise UsageError("expected --set or --layer, got both: a set has a layer of its own")
        return None
    chosen = chosen_set(store, curated)
    check_fits(chosen, workspace.scheme)
    tell_losses(workspace, chosen)
    return chosen


def export_view(
    workspace: Workspace, store: Store, format: ExportFormat, digest: str | None, layer: str | None
) -> ExportedSet:
    """The set of a digest, or the layer of a name, with what was measured of it; nothing for a format of the scheme."""
    if format.of_scheme:
        scheme, manifest = workspace.scheme, {"layer": "", "splits": {}}
        named = CuratedSet(digest=scheme.digest, name=scheme.name, version=scheme.version, manifest=manifest)
        return ExportedSet(named, scheme, lambda split: iter(()))
    if layer is not None:
        curated, scope, whole = layer_set(store, workspace.scheme, layer), {"layer": layer}, _of_layer(store, layer)
    else:
        assert digest is not None
        curated, scope, whole = store.curated_set(digest), {"set": digest}, _of_set(store, digest)
    view = ExportedSet(
        curated,
        workspace.scheme,
        whole,
        people=_people(store.layer_names()),
        names_leave=workspace.config.exports.people_named,
    )
    view = _measured_view(view, store, whole)
    return replace(
        view,
        frozen_by=frozen_by(store, digest) if digest else None,
        scope={name: view.nameless(value) for name, value in scope.items()},
    )


def _people(layers: Iterable[str]) -> tuple[str, ...]:
    """All who have a layer, then those who have only one of second answers."""
    names = sorted(layers)
    again = (human(own_name(name)) for name in names if is_repeat(name))
    return tuple(dict.fromkeys([*filter(is_human, names), *again]))


def _of_layer(store: Store, layer: str) -> Members:
    return lambda split: layer_pairs(store, layer)


def _of_set(store: Store, digest: str) -> Members:
    return lambda split: ((record, layer) for _, record, layer in store.set_members(digest, split=split))


def _measured_view(view: ExportedSet, store: Store, whole: Members) -> ExportedSet:
    """The view of members whose layers leave without what was lost in translation, and are measured whole."""
    return replace(
        view,
        members=lambda split: ((record, without_lost(layer)) for record, layer in whole(split)),
        measured=partial(measured, store, whole),
    )


def export_beside(view: ExportedSet, store: Store, name: str) -> ExportedSet:
    """The same records with another layer, those that have it."""

    def members(split: str) -> Iterator[tuple[Record, Layer]]:
        return with_other_layer(view.members(split), store, name)

    every = ((split, record, layer) for split in view.curated.splits for record, layer in members(split))
    beside = replace(
        view, curated=unreviewed_set(every, view.scheme, name), scope={**view.scope, "layer": view.nameless(name)}
    )
    return _measured_view(beside, store, members)


def counted(view: ExportedSet, format: ExportFormat, settings: ExportSettings) -> Exported:
    """What a format would lose of a set, with what was left out of translations before."""
    curated, authors, names = view.curated, set[str](), view.authors()

    def met(split: str) -> Iterator[tuple[Record, Layer]]:
        for record, layer in view.members(split):
            authors.add(layer.author)
            yield record, layer

    lost = format.lost(replace(view, members=met), settings)
    people = {name: names.get(name, name) for name in sorted(authors) if is_human(name) or is_repeat(name)}
    translated = curated.manifest.get("lost_in_translation")
    lost[TRANSLATED] = sum(translated.values()) if isinstance(translated, dict) else 0  # type: ignore[arg-type]
    return Exported(
        f"{curated.name}@{curated.version}", curated.records, lost=+lost, people=people, notice=format.notice
    )


def names_to_come(format: str, view: ExportedSet, settings: ExportSettings, others: Collection[str]) -> set[str]:
    """The names that an export will have in its folder: those that the same has without a record.

    Raises UsageError where the name of another layer is no name of a folder.
    """
    layer_folders(view, others)
    empty = replace(view, members=lambda split: iter(()), measured=None)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        hand_over(format, empty, folder, settings, Counter())
        return {entry.name for entry in folder.iterdir()} | ({LAYERS} if others else set())


@contextmanager
def put_in(to: Path, workspace: Workspace) -> Iterator[Path]:
    """An empty folder to write an export in, which takes the place of an earlier one at the end of the block.

    What others have put beside that stays. Raises UsageError, and changes nothing, where files of others are in the
    way that were not there before.
    """
    with refilled(to, also_goes=lambda names: earlier_entries(to), tell=workspace.notify) as inside:
        yield inside
        require_free(to, {entry.name for entry in inside.iterdir()})
