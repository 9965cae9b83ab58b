"""A curated set, written as a Hugging Face data set, made the content of a data set on a hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

from pydantic import JsonValue

from curation.atomic_file import passing
from curation.egress.gate import Gate, Passage, Weighed
from curation.egress.settings import Destination
from curation.errors import EgressBlockedError, HubError
from curation.sources.own_folder import HubRevision
from curation.store import Store
from exports.formats import export_format
from exports.handover import note_push
from exports.hub import DatasetHub, HubDataset, hub_token
from exports.hub_address import check_name, hub_address, is_allowed, require_allowed
from exports.hub_changes import HubChanges, hub_changes
from exports.target_folder import require_folder, require_free
from exports.writer import ExportedSet, weighed_out
from pipeline.egress import gate_of
from pipeline.runs import recorded_where_possible
from pipeline.steps.export import (
    Exported,
    chosen_for_export,
    counted,
    export_beside,
    export_view,
    names_to_come,
    put_in,
    tell_lost,
    warn_of_identifiers,
    write_all,
)
from pipeline.workspace import Workspace

#: The format that a hub reads, and the file with its card.
FORMAT, CARD = "hf", "README.md"


@dataclass(frozen=True)
class HubPush:
    """A push that is ready: what would go where. Nothing has left yet, and no hub was asked."""

    workspace: Workspace
    store: Store
    name: str
    address: str
    public: bool
    done: Exported
    folder: Path
    #: The files with their sizes in bytes.
    files: Mapping[str, int]
    licences: Mapping[str, int]
    unreviewed: bool
    with_identifiers: int | None
    #: What the run was asked for.
    inputs: Mapping[str, JsonValue]
    gate: Gate
    weighed: Sequence[Weighed]
    to: Path | None
    #: The same for the folder in which the files are kept here.
    kept: Sequence[Weighed]

    @property
    def place(self) -> str:
        """The address of the data set."""
        return f"{self.address}/datasets/{self.name}"

    @property
    def card(self) -> str:
        """The card, whole."""
        return (self.folder / CARD).read_text(encoding="utf-8")

    def as_json(self) -> dict[str, JsonValue]:
        """What would be sent, in plain values."""
        return {
            **self.done.as_json(),
            "push": {
                "address": self.place,
                "allowed": is_allowed(self.address),
                "public": self.public,
                "files": dict(self.files),
                "bytes": sum(self.files.values()),
                "licences": dict(self.licences),
                "unreviewed": self.unreviewed,
                "with_identifiers": self.with_identifiers,
                "card": self.card,
            },
        }


@dataclass
class PushedSet:
    """What a push has done: the revision that holds the set, and whether it is a new one."""

    done: Exported
    place: str
    revision: str
    private: bool
    changes: HubChanges
    sent_bytes: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """All of it in plain values."""
        return {
            **self.done.as_json(),
            "push": {
                "address": self.place,
                "revision": self.revision,
                "private": self.private,
                "committed": not self.changes.none,
                "sent": list(self.changes.sent),
                "sent_bytes": self.sent_bytes,
                "removed": list(self.changes.removed),
                "same": len(self.changes.same),
            },
        }


@contextmanager
def ready_push(
    workspace: Workspace,
    store: Store,
    name: str,
    *,
    to: Path | None = None,
    curated: str | None = None,
    layer: str | None = None,
    others: Sequence[str] = (),
    public: bool = False,
) -> Iterator[HubPush]:
    """The files of a set, by default the newest, ready to be pushed to OWNER/NAME, as long as the block lasts.

    Raises EgressBlockedError when the policy keeps one of its records, or a layer that nobody has frozen, here;
    UsageError for what is no name on a hub, no set or no layer.
    """
    check_name(name)
    if to is not None:
        require_folder(to)
    address = hub_address()
    settings = workspace.config.exports
    store.require_layers([*others, *([layer] if layer else [])])
    if (layer is not None or others) and not settings.push_unreviewed:
        raise EgressBlockedError(
            "expected a frozen set on its way to a hub, got a layer that nobody has frozen; nothing was sent. Freeze "
            "it with `curate freeze`, or let such layers out with exports.push_unreviewed = true"
        )
    chosen = chosen_for_export(workspace, store, export_format(FORMAT), curated, layer)
    with passing(workspace.subfolder("exports"), tell=workspace.notify) as folder:
        with store.snapshot() as known:
            whole = export_view(workspace, known, export_format(FORMAT), chosen.digest if chosen else None, layer)
            if to is not None:
                require_free(to, names_to_come(FORMAT, whole, settings, others))
            gate = gate_of(workspace, store)
            passage = gate.passage(Destination.HUB, f"{address}/datasets/{name}", public=public, at_once=False)
            wholes = [whole, *(export_beside(whole, known, other) for other in others)]
            (view, *beside), weighed = _weighed(wholes, passage)
            here = gate.passage(Destination.EXPORT, str(to), at_once=False) if to is not None else None
            kept = _weighed(wholes, here)[1] if here is not None else ()
            warn_of_identifiers(workspace, view, f"for {address}/datasets/{name}")
            done = counted(view, export_format(FORMAT), settings)
            written = write_all(done, FORMAT, view, dict(zip(others, beside, strict=True)), folder, settings)
        done.files = [path.relative_to(folder) for path in written]
        licences = view.curated.manifest["licences"]
        assert isinstance(licences, dict)
        yield HubPush(
            workspace=workspace,
            store=store,
            name=name,
            address=address,
            public=public,
            done=done,
            folder=folder,
            files={path.as_posix(): (folder / path).stat().st_size for path in done.files},
            licences=licences,  # type: ignore[arg-type]
            unreviewed=view.unreviewed,
            with_identifiers=view.with_identifiers,
            inputs={"set": chosen.digest if chosen else None, "layer": layer, "layers": list(others)},
            gate=gate,
            weighed=weighed,
            to=to,
            kept=kept,
        )


def _weighed(views: Sequence[ExportedSet], passage: Passage) -> tuple[tuple[ExportedSet, ...], tuple[Weighed, ...]]:
    """The sets as they leave on one way, and what logs each of them as sent."""
    leaving, weighed = zip(*weighed_out(views, passage), strict=True)
    return leaving, weighed


def send(push: HubPush) -> PushedSet:
    """The revision on the hub that holds exactly the files of the push, beside files of others; noted in the run.

    The same content makes no second commit. Raises HubError where the hub did not take it, with what stands there.
    """
    require_allowed(push.address)
    hub = DatasetHub(push.address, hub_token())
    inputs: dict[str, JsonValue] = {**push.inputs, "format": FORMAT, "push": push.place, "public": push.public}
    with recorded_where_possible(push.workspace, push.store, "export", **inputs) as outcome:
        push.gate.run = outcome.run or None
        account = hub.account()
        before = _standing(push, hub, account)
        changes = hub_changes(push.folder, push.files, before.files, before.exported)
        size = sum(push.files[name] for name in changes.sent)
        if changes.none:
            revision = before.revision
        else:
            for weighed in push.weighed:
                weighed.log()
            push.workspace.notify(
                f"as {account}: {len(changes.sent)} files ({size:,} bytes) go to {push.place}, {len(changes.removed)} "
                f"leave it, {len(changes.same)} are there; before it stood at revision {before.revision}"
            )
            revision = _committed(push, hub, before, changes)
        if push.public and before.is_private:
            hub.publish(push.name)
        done = PushedSet(push.done, push.place, revision, before.is_private and not push.public, changes, size)
        outcome["with_identifiers"] = push.with_identifiers
        # Files of the run are files on this machine.
        outcome |= {**done.as_json(), "files": []}
        if push.to is not None:
            _keep(push, push.to, revision)
            outcome["files"] = [str(path) for path in push.done.files]
    tell_lost(push.workspace, FORMAT, push.done)
    return done


def _standing(push: HubPush, hub: DatasetHub, account: str) -> HubDataset:
    """What stands there now; a private data set is made where there is none.

    Raises HubError where everybody would read what is meant to be private.
    """
    found = hub.found(push.name)
    if found is None:
        hub.make(push.name, private=True)
        found = hub.found(push.name)
        push.workspace.notify(f"made the private data set {push.place}, as {account}")
    if found is None:
        raise HubError(f"{push.address}: expected a data set {push.name} that {account} may see, got none")
    if not found.is_private and not push.public:
        raise HubError(
            f"expected a private data set, everybody can read {push.place}; nothing was sent. Make it private there, "
            "or push with --public"
        )
    return found


def _committed(push: HubPush, hub: DatasetHub, before: HubDataset, changes: HubChanges) -> str:
    """The revision of a commit; also of one whose answer was lost on the way.

    Raises HubError with what stands there where there was none.
    """
    try:
        message = f"{push.done.set} (clincurate)"
        return hub.commit(push.name, push.folder, changes, after=before.revision, message=message)
    except KeyboardInterrupt:
        push.workspace.notify(
            f"interrupted: {push.place} holds the whole of this set or stands as before; the same command ends it"
        )
        raise
    except HubError as error:
        try:
            now = hub.found(push.name)
        except HubError:
            raise HubError(
                f"{error}. Whether the set is there now is not known; the same command finds out, and makes no second "
                "commit"
            ) from None
        if now is not None and not hub_changes(push.folder, push.files, now.files, now.exported).none:
            raise HubError(
                f"{error}. {push.place} is whole, at revision {now.revision}"
                f"{' as before' if now.revision == before.revision else ''}; what was sent is no part of it, and large "
                "files that came through are not sent again"
            ) from None
        if now is None:
            raise
        return now.revision


def _keep(push: HubPush, to: Path, revision: str) -> None:
    """The files here too, with the revision in their marker."""
    for weighed in push.kept:
        weighed.log()
    note_push(push.folder, HubRevision(address=push.place, revision=revision))
    with put_in(to, push.workspace) as inside:
        copytree(push.folder, inside, dirs_exist_ok=True)
    push.done.files = [to / path for path in push.done.files]
