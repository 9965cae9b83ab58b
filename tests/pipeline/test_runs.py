"""A run's manifest says how the run ended, however it ended."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from contextlib import nullcontext

import pytest

from curation.errors import UsageError
from pipeline.process_identity import this_process
from pipeline.runs import recorded
from pipeline.steps.status import read_status
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


def test_a_run_whose_outcome_cannot_be_written_has_failed_and_does_not_seem_to_go_on(tmp_path):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        with pytest.raises(TypeError), recorded(workspace, store, "review adjudicate settle") as outcome:
            outcome["states"] = {("settled", 1): 2}
        (run,) = store.runs()
    manifest = json.loads((workspace.folder / "runs" / "00001-review-adjudicate-settle.json").read_text("utf-8"))
    assert (run.state, manifest["state"], manifest["outcome"]) == ("failed", "failed", {})


def _changed(**differing):
    return this_process() | differing


@pytest.mark.parametrize(
    ("process", "state"),
    [
        (this_process(), "started"),
        (_changed(began="1"), "died"),  # its number was given to another process
        (_changed(boot="another"), "died"),
        (_changed(host="elsewhere", boot="another"), "started"),  # nobody here can tell
        (None, "started"),
    ],
)
def test_a_run_has_died_where_its_process_is_certainly_gone(tmp_path, process, state):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        store.start_run("train", process=process)
        assert read_status(store).runs[-1]["state"] == state


@pytest.mark.server
def test_the_next_command_notes_a_run_that_was_killed(tmp_path):
    workspace = Workspace.make(tmp_path / "w")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom pipeline.runs import recorded\n"
        "from pipeline.workspace import Workspace\nworkspace = Workspace.at(Path(sys.argv[1]))\n"
        "with workspace.open_store() as store, recorded(workspace, store, 'train'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(workspace.folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with workspace.open_store() as store:
        assert [run.state for run in store.runs()] == ["started"]
        with recorded(workspace, store, "validate"):
            assert [run.state for run in store.runs()] == ["died", "started"]


@pytest.mark.parametrize("error", [UsageError("expected more"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_what_ended_a_run_is_told_also_where_its_manifest_cannot_be_written(tmp_path, error):
    workspace = Workspace.make(tmp_path / "w")
    (workspace.folder / "runs").write_text("in the way of the folder")
    with (
        workspace.open_store() as store,
        pytest.raises(type(error)) as caught,
        recorded(workspace, store, "validate"),
    ):
        raise error
    assert caught.value is error


def test_a_run_that_was_done_and_has_no_manifest_was_not_done(tmp_path):
    workspace = Workspace.make(tmp_path / "w")
    (workspace.folder / "runs").write_text("in the way of the folder")
    with workspace.open_store() as store, pytest.raises(FileExistsError), recorded(workspace, store, "validate"):
        pass
