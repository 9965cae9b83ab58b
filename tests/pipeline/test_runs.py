"""A run's manifest says how the run ended, however it ended."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from curation.errors import UsageError
from pipeline.runs import recorded
from pipeline.workspace import Workspace


@pytest.mark.parametrize(
    ("error", "state"), [(None, "done"), (UsageError("expected more"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_the_manifest_and_the_store_say_how_a_run_ended(tmp_path, error, state):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        ended = pytest.raises(type(error)) if error else nullcontext()
        with ended, recorded(workspace, store, "review push", project="p") as outcome:
            outcome["created"] = 3
            if error:
                raise error
        (run,) = store.runs()
    (path,) = (workspace.folder / "runs").iterdir()
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == "00001-review-push.json"
    assert (run.state, manifest["state"]) == (state, state)
    assert (manifest["inputs"], manifest["outcome"]) == ({"project": "p"}, {"created": 3})


def test_a_run_that_was_killed_has_no_manifest_and_is_not_done(tmp_path):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        store.start_run("train")
        assert [run.state for run in store.runs()] == ["started"]
