"""A curated set of a workspace, written in a format."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from curation.atomic_file import refilled
from curation.egress.settings import Destination
from curation.errors import UsageError
from curation.sets.split import SPLITS
from curation.store import Store
from exports.formats import writer
from exports.writer import ExportedSet, let_out
from pipeline.egress import gate_of
from pipeline.runs import recorded_where_possible
from pipeline.steps.freeze import check_fits, chosen_set, split_pairs, tell_losses
from pipeline.workspace import Workspace


def export(workspace: Workspace, store: Store, format: str, to: Path, *, curated: str | None = None) -> list[Path]:
    """The written files of a curated set, by default the newest.

    An earlier export stays as it was until all is written. Raises EgressBlockedError, and
    writes nothing, when the privacy policy keeps one of its records here, UsageError where the folder is a file.
    """
    if to.exists() and not to.is_dir():
        raise UsageError(f"expected a folder to write with --to, {to} is a file")
    chosen = chosen_set(store, curated)
    check_fits(chosen, workspace.scheme)
    tell_losses(workspace, chosen)
    write = writer(format)
    with (
        recorded_where_possible(workspace, store, "export", format=format, set=chosen.digest) as outcome,
        store.snapshot() as known,
    ):
        chosen = known.curated_set(chosen.digest)
        passage = gate_of(workspace, store, run=outcome.run).passage(Destination.EXPORT, str(to))
        view = ExportedSet(chosen, workspace.scheme, lambda split: split_pairs(known, chosen, split))
        leaving = let_out(view, passage)
        if leaving.with_identifiers:
            workspace.notify(
                f"warning: {leaving.with_identifiers} of {chosen.records} records in {to} hold what may identify a "
                "person; run `curate deidentify` and freeze again before you pass them on"
            )
        with refilled(to, also_goes=_of_other_splits, tell=workspace.notify) as inside:
            written = write(leaving, inside, workspace.config.exports)
        files = [to / path.relative_to(inside) for path in written]
        outcome["with_identifiers"] = leaving.with_identifiers
        outcome["files"] = [str(path) for path in files]
    return files


def _of_other_splits(names: Collection[str]) -> set[str]:
    """The files that an export of a set with all splits would have: those of an earlier one are not this set's."""
    return {name.replace(split, other, 1) for name in names for split in SPLITS if split in name for other in SPLITS}
