"""What the annotators of a workspace have done, and what is left."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from annotation.progress.export import write_csv
from annotation.progress.figures import WorkProgress, work_progress
from annotation.progress.kept_figures import keep_progress, kept_progress, work_key
from annotation.progress.review_work import review_work, work_rows
from annotation.queue.queue_files import FOLDER, reviewers_per_record
from curation.store import Store
from pipeline.workspace import Workspace


def review_progress(workspace: Workspace, store: Store, *, csv: Path | None = None) -> WorkProgress:
    """Each annotator's work in figures; with `csv`, every day of every annotator in that file too."""
    review = workspace.config.review
    required = reviewers_per_record(workspace.folder / FOLDER)
    # Before anything is counted: what comes in meanwhile belongs to another key.
    key = work_key(store, review, required)
    found = kept_progress(workspace.folder, key)
    if found is None:
        with _without_collector():
            found = work_progress(store, review, required=required)
        # A workspace that can only be read is counted anew each time.
        if not store.read_only:
            with suppress(OSError):
                keep_progress(workspace.folder, key, found)
    if csv is not None:
        write_csv(found, csv)
    return found


@contextmanager
def counted_for_progress(workspace: Workspace, store: Store) -> Iterator[None]:
    """What people say meanwhile is counted at the end, so that the next look at the progress need not read it."""
    review, before = workspace.config.review, store.last_layer_row()
    yield
    gold = review.adjudication.gold
    with _without_collector():
        review_work(store, review.agreement, gold=gold, rows=work_rows(store, gold=gold, after=before))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Python looks for no objects that refer to each other: here are none, and the search takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
