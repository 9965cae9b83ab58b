"""Synthetic cases into the store of a workspace."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from curation.batches import batched
from curation.sources import Read
from curation.store import Store
from pipeline.progress import ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.steps.imports import BATCH, ImportReport, store_batch
from pipeline.workspace import Workspace


def generate_into(
    workspace: Workspace,
    store: Store,
    cases: int,
    *,
    languages: Sequence[str],
    seed: int,
    noise: float,
    parallel: bool = False,
    progress: ProgressBar = no_progress,
) -> ImportReport:
    """Generated cases, one record for each language, stored with their gold."""
    from curation.generate import generate

    report = ImportReport()
    inputs: dict[str, JsonValue] = {
        "cases": cases,
        "languages": list(languages),
        "seed": seed,
        "noise": noise,
        "parallel": parallel,
    }
    with recorded(workspace, store, "generate", **inputs) as outcome:
        made = generate(cases, languages=languages, seed=seed, noise=noise, parallel=parallel)
        with progress("generate", cases * len(languages)) as advance:
            for batch in batched((Read(record, (layer,)) for record, layer in made), BATCH):
                store_batch(store, batch, report, workspace.scheme)
                advance(len(batch))
        outcome |= {"imported": report.imported, "unchanged": report.unchanged}
    return report
