"""The layers of a workspace carried to another scheme, as new layers under the same names by the same authors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.atomic_file import replaced
from curation.batches import batched
from curation.errors import UsageError
from curation.record import Layer
from curation.scheme import Scheme, load_scheme
from curation.scheme_change import VALUE, ChangeCounts, SchemeChange, scheme_names
from curation.store import Store
from curation.tagging.folder import MANIFEST, read_manifest
from pipeline.runs import recorded
from pipeline.steps.scheme.diff import names_used
from pipeline.workspace import Workspace

#: Layers that are stored in one transaction.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did, or would do, and what still has another scheme."""

    counts: ChangeCounts
    #: Frozen sets, adapters and projects of Label Studio, by kind.
    behind: Mapping[str, tuple[str, ...]]
    #: Where the scheme of before is kept; None where it stays as it is.
    old_scheme: Path | None
    dry_run: bool

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            **self.counts.as_json(),
            "still_old": {kind: list(names) for kind, names in self.behind.items()},
            "old_scheme": str(self.old_scheme) if self.old_scheme else None,
            "dry_run": self.dry_run,
        }


def migrate_scheme(
    workspace: Workspace,
    store: Store,
    new: Path | None = None,
    *,
    renames: Sequence[str] = (),
    drops: Sequence[str] = (),
    dry_run: bool = False,
) -> Migration:
    """The newest layer of each name under the new scheme, which then is the workspace's; older layers stay.

    new: the new scheme's file; without one, the workspace's own was changed in place. Raises UsageError, and changes
    nothing, for a name in use that the new scheme lacks and the change does not speak of.
    """
    scheme = load_scheme(new) if new is not None else workspace.scheme
    change = SchemeChange.of(renames, drops, scheme)
    _check(change, scheme, workspace.scheme if new is not None else None, names_used(store))
    counts = ChangeCounts()
    path = workspace.folder / workspace.config.curation.scheme
    switches = new is not None and new.resolve() != path.resolve()
    old = path.with_name(f"{path.stem}-{workspace.scheme.digest}{path.suffix}") if switches else None
    behind = {kind: names for kind, names in _behind(workspace, store, scheme, edited=new is None).items() if names}
    if dry_run:
        for _ in _carried(store, change, counts):
            pass
        return Migration(counts, behind, old, dry_run)
    inputs: dict[str, JsonValue] = {"renames": {**change.renames}, "drops": [*drops], "to": scheme.digest}
    with recorded(workspace, store, "scheme migrate", **inputs) as outcome:
        for batch in batched(_carried(store, change, counts), BATCH):
            store.add_layers(batch)
        if new is not None and old is not None:
            _switch(path, new, old)
        outcome |= counts.as_json()
    return Migration(counts, behind, old, dry_run)


def _check(change: SchemeChange, scheme: Scheme, old: Scheme | None, used: Counter[str]) -> None:
    known = set(scheme_names(scheme))
    # Corpora may bring categories of their own; where the old scheme is known, those are none of its names.
    asked = [name for name in (scheme_names(old) if old else used) if used[name]]
    lost = [name for name in asked if (target := change.target(name)) is not None and target not in known]
    if left := [name for name in lost if name.partition(VALUE)[0] not in lost or VALUE not in name]:
        names = ", ".join(f"{name} ({used[name]})" for name in left)
        raise UsageError(
            f"expected --rename OLD=NEW or --drop OLD for each name in use that the scheme {scheme.name} lacks, "
            f"got none for {names}; nothing was changed"
        )
    if unused := sorted(change.names - set(used) - set(scheme_names(old) if old else ())):
        raise UsageError(f"expected names that are in use or in the old scheme, got {', '.join(unused)}")
    if kept := sorted(change.drops & known):
        raise UsageError(f"expected --drop for names that the scheme {scheme.name} lacks, it has {', '.join(kept)}")


def _carried(store: Store, change: SchemeChange, counts: ChangeCounts) -> Iterator[Layer]:
    for item in store.items(list(store.layer_names())):
        for layer in item.layers.values():
            if (carried := change.carried(layer, counts)) is not None:
                yield carried


def _switch(path: Path, new: Path, old: Path) -> None:
    """Make the new file the workspace's scheme, and keep the one of before beside it."""
    old.write_bytes(path.read_bytes())
    with replaced(path) as unfinished:
        unfinished.write_bytes(new.read_bytes())


def _behind(workspace: Workspace, store: Store, scheme: Scheme, *, edited: bool) -> dict[str, tuple[str, ...]]:
    """What was made with another scheme than this one."""
    sets = [
        f"{curated.name}@{curated.version}"
        for curated in store.curated_sets()
        if curated.manifest["scheme"]["digest"] != scheme.digest  # type: ignore[index,call-overload]
    ]
    folders = [path.parent for path in sorted((workspace.folder / "adapters").glob(f"*/{MANIFEST}"))]
    adapters = [folder.name for folder in folders if read_manifest(folder).scheme_digest != scheme.digest]
    return {
        "frozen sets": tuple(sets),
        "adapters": tuple(adapters),
        # Which scheme a project shows is not noted here: those that have tasks were made before this change.
        "projects in Label Studio": tuple(store.review_projects() if edited or scheme != workspace.scheme else ()),
    }
