"""What the annotators of a workspace have done, and what is left."""

from __future__ import annotations

from pathlib import Path

from annotation.progress.export import write_csv
from annotation.progress.figures import WorkProgress, work_progress
from annotation.queue.queue_files import FOLDER, reviewers_per_record
from curation.store import Store
from pipeline.workspace import Workspace


def review_progress(workspace: Workspace, store: Store, *, csv: Path | None = None) -> WorkProgress:
    """Each annotator's work in figures; with `csv`, every day of every annotator in that file too."""
    required = reviewers_per_record(workspace.subfolder(FOLDER))
    found = work_progress(store, workspace.config.review, required=required)
    if csv is not None:
        write_csv(found, csv)
    return found
