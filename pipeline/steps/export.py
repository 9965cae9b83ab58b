"""A curated set of a workspace, written in a format."""

from __future__ import annotations

from pathlib import Path

from curation.egress.settings import Destination
from curation.store import Store
from exports.formats import writer
from exports.writer import ExportedSet, let_out
from pipeline.egress import gate_of
from pipeline.runs import recorded
from pipeline.steps.freeze import check_fits, chosen_set, split_pairs, tell_losses
from pipeline.workspace import Workspace


def export(workspace: Workspace, store: Store, format: str, to: Path, *, curated: str | None = None) -> list[Path]:
    """The written files of a curated set, by default the newest.

    Raises EgressBlockedError, and writes nothing, when the privacy policy keeps one of its records here.
    """
    chosen = chosen_set(store, curated)
    check_fits(chosen, workspace.scheme)
    tell_losses(workspace, chosen)
    write = writer(format)
    with recorded(workspace, store, "export", format=format, set=chosen.digest) as outcome, store.snapshot() as known:
        passage = gate_of(workspace, store, run=outcome.run).passage(Destination.EXPORT, str(to))
        view = ExportedSet(chosen, workspace.scheme, lambda split: split_pairs(known, chosen, split))
        leaving = let_out(view, passage)
        if leaving.with_identifiers:
            workspace.notify(
                f"warning: {leaving.with_identifiers} of {chosen.records} records in {to} hold what may identify a "
                "person; run `curate deidentify` and freeze again before you pass them on"
            )
        files = write(leaving, to, workspace.config.exports)
        outcome["with_identifiers"] = leaving.with_identifiers
        outcome["files"] = [str(path) for path in files]
    return files
