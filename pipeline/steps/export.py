"""A curated set of a workspace, written in a format."""

from __future__ import annotations

from pathlib import Path

from curation.store import Store
from exports.formats import writer
from pipeline.leaving import view_of
from pipeline.runs import recorded
from pipeline.steps.freeze import chosen_set
from pipeline.workspace import Workspace


def export(workspace: Workspace, store: Store, format: str, to: Path, *, curated: str | None = None) -> list[Path]:
    """The written files of a curated set, by default the newest.

    Raises ExportBlockedError, and writes nothing, when the privacy policy keeps one of its records back.
    """
    chosen = chosen_set(store, curated)
    write = writer(format)
    with recorded(workspace, store, "export", format=format, set=chosen.digest) as outcome:
        files = write(view_of(workspace, store, chosen), to, workspace.config.exports)
        outcome["files"] = [str(path) for path in files]
    return files
