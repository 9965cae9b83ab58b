"""Steps write nothing to the terminal; progress and lines for people go to their caller."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from verdicts import given

from curation.sources import ReadOptions
from pipeline.steps.annotate import annotate
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.steps.generate import generate_into
from pipeline.steps.imports import import_into
from pipeline.steps.run import LeftOut, run_steps, sample_workspace
from pipeline.workspace import Workspace

SETTINGS = {
    "run.annotators": ("rules",),
    "run.review": False,
    "run.verdicts": ("accepted", "needs_review"),
    "training.epochs": 1,
    "training.window": 32,
    "training.stride": 8,
    "training.rank": 2,
    "training.threads": 1,
    "validation.similarity.enabled": False,
}


@pytest.mark.long
def test_each_step_over_the_shipped_sample_is_silent(tmp_path, capfd):
    workspace = sample_workspace(tmp_path / "w")
    with workspace.open_store() as store:
        import_into(workspace, store, ["sample"], ReadOptions())
        assert annotate(workspace, store, "rules").failed == 0
        store.decide(given(store.record_ids(), "gold"))
        freeze(workspace, store, name="sample", layers=["gold"])
        assert export(workspace, store, "chat", tmp_path / "out").files
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
@pytest.mark.expectations
def test_a_whole_run_is_silent_and_its_caller_sees_the_progress(tmp_path, capfd):
    seen: list[tuple[str, int]] = []

    @contextmanager
    def watched(title, total):
        records = []
        yield lambda count, failed=0, note="": records.append(count)
        seen.append((title, sum(records)))

    workspace = Workspace.make(tmp_path / "w", SETTINGS)
    with workspace.open_store() as store:
        generate_into(workspace, store, 8, languages=("en",), seed=1, noise=0.0)
        steps = list(run_steps(workspace, store, progress=watched))
    names = [step.name for step in steps if not isinstance(step.result, LeftOut)]
    assert names == [
        "annotate rules",
        "validate",
        "freeze",
        "train",
        "annotate adapter",
        "evaluate",
        "export",
    ]
    assert dict(seen)["annotate:rules"] == dict(seen)["annotate:adapter"] == 8
    assert capfd.readouterr() == ("", "")
