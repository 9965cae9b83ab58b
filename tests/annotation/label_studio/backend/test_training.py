"""Training runs in the background, once at a time, and says how far it is."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotation.label_studio.backend.state import backend_folder, backend_state
from annotation.label_studio.backend.training import Trainer
from annotation.label_studio.processes import end, is_alive

#: Says something, waits for a file, and leaves what an adapter's folder has last.
SCRIPT = """
import pathlib, sys, time
place, name = pathlib.Path(sys.argv[1]), sys.argv[-1]
print("learning", flush=True)
while not (place / "go").exists() and not (place / "fail").exists():
    time.sleep(0.02)
if (place / "fail").exists():
    sys.exit("error: expected a curated set, there is none yet")
(place / "adapters" / name).mkdir(parents=True)
(place / "adapters" / name / "clincurate.json").write_text("{}")
print("adapter written")
"""


@pytest.fixture
def trainer(tmp_path):
    """A trainer whose training is the script; ended with the test."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    made = Trainer(backend_folder(tmp_path), command=command, adapters=tmp_path / "adapters", name="reviewed")
    yield made
    (tmp_path / "fail").touch()
    settled(made)


def settled(trainer):
    return until(trainer, lambda state: state["state"] != "running")


def until(trainer, right):
    for _ in range(1200):
        if right(state := trainer.status()):
            return state
        time.sleep(0.05)
    raise AssertionError(f"expected another state in the end, got {state}")


@pytest.mark.server
def test_one_training_at_a_time_however_often_it_is_asked_for(trainer, tmp_path):
    assert trainer.status() == {"state": "none"}
    with ThreadPoolExecutor(6) as pool:
        begun = list(pool.map(lambda _: trainer.start(), range(6)))
    assert {(one["state"], one["name"], one["started"]) for one in begun} == {
        ("running", "reviewed-0001", begun[0]["started"])
    }
    until(trainer, lambda state: state["says"] == "learning")
    assert backend_state(tmp_path) == {"backend": None, "training": "reviewed-0001 running: learning"}
    (tmp_path / "go").touch()
    assert settled(trainer)["state"] == "done"
    assert trainer.start()["name"] == "reviewed-0002"


@pytest.mark.server
def test_a_training_that_fails_says_why_and_another_may_begin(trainer, tmp_path):
    trainer.start()
    (tmp_path / "fail").touch()
    failed = settled(trainer)
    assert (failed["state"], failed["says"]) == ("failed", "error: expected a curated set, there is none yet")
    (tmp_path / "fail").unlink()
    assert trainer.start()["state"] == "running"


@pytest.mark.server
def test_a_training_goes_on_without_the_back_end_that_started_it(trainer, tmp_path):
    import json

    trainer.start()
    pid = json.loads((tmp_path / "label-studio" / "backend" / "training.json").read_text())["pid"]
    again = Trainer(backend_folder(tmp_path), command=["never"], adapters=tmp_path / "adapters", name="reviewed")
    assert again.start()["name"] == "reviewed-0001"
    assert is_alive(pid)
    end(pid)
    assert again.status()["state"] == "failed"
