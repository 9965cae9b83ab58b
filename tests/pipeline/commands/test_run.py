"""All steps on a few generated cases by `curate run`, while no connection can leave the machine."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from command_line import curate_json
from outbound import run_closed, why_not

from annotation.label_studio.exchange.pull import Pulled
from annotation.label_studio.exchange.push import Pushed
from annotation.label_studio.server.credentials import read_credentials
from annotation.label_studio.server.environment import ensure_environment
from annotation.label_studio.server.server import Server
from annotation.review_settings import ReviewSettings
from curation.errors import CurateError
from curation.store import Store
from pipeline.commands.run import addresses
from pipeline.steps.run import FinishedStep, ReviewRound
from pipeline.workspace import Workspace

pytestmark = pytest.mark.server

CURATE = Path(sys.executable).with_name("curate")
CASES = 12

SETTINGS = {
    "run.sources": (),
    "run.annotators": ("rules", "few-shot"),
    "run.set_name": "cases",
    "curation.split.train": 0.6,
    "curation.split.validation": 0.2,
    "curation.split.test": 0.2,
    "training.epochs": 2,
    "validation.similarity.enabled": True,
}


class ClosedRun:
    """One run: its folder, what it printed, and which addresses anybody tried to reach."""

    def __init__(self, folder: Path, done: subprocess.CompletedProcess[str], tried: list[str] | None) -> None:
        self.folder, self.done, self.tried = folder, done, tried

    @property
    def outcome(self) -> dict[str, dict[str, object]]:
        assert self.done.returncode == 0, self.done.stderr
        found: dict[str, dict[str, object]] = json.loads(self.done.stdout)
        return found


@pytest.fixture(scope="session")
def closed_run(tmp_path_factory: pytest.TempPathFactory) -> ClosedRun:
    folder = tmp_path_factory.mktemp("whole") / "workspace"
    Workspace.make(folder, SETTINGS)
    try:
        ensure_environment(ReviewSettings())
    except CurateError as error:
        pytest.skip(f"Label Studio cannot be installed here: {error}")
    curate, where = shlex.quote(str(CURATE)), f"--workspace {shlex.quote(str(folder))}"
    line = (
        f"{curate} generate --records {CASES} --languages en {where} >/dev/null && "
        f"{curate} run --json {where}; code=$?; {curate} review stop {where} 2>/dev/null; exit $code"
    )
    if why_not():
        return ClosedRun(folder, subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False), None)
    done, tried = run_closed(line, folder.parent / "strace.log")
    return ClosedRun(folder, done, tried)


def test_a_run_ends_with_where_everything_is(closed_run):
    ends = closed_run.outcome["ends"]
    assert ends["Label Studio"].startswith("http://127.0.0.1:")
    for name in ("validation report", "data docs", "adapter", "exported set (hf)", "exported set (chat)"):
        assert Path(ends[name]).exists(), name
    assert set(closed_run.outcome["scores"]) == {"rules", "few-shot", "adapter"}


def test_every_record_went_through_every_step(closed_run):
    with Store.open(f"sqlite:///{closed_run.folder / 'records.db'}") as store:
        assert store.count_records() == {"en": CASES}
        assert store.layer_names() == dict.fromkeys(("adapter", "few-shot", "gold", "rules"), CASES)
        assert store.failures() == []
        assert [run.state for run in store.runs()] == ["done"] * len(store.runs())
        pushed = store.runs()[[run.command for run in store.runs()].index("review push")]
        assert pushed.manifest["outcome"]["created"] == CASES
        frozen = store.curated_set("cases")
    loaded = datasets.load_dataset(
        closed_run.outcome["ends"]["exported set (hf)"], cache_dir=str(closed_run.folder / "hf-cache")
    )
    assert {split: len(rows) for split, rows in loaded.items()} == frozen.splits


def test_nothing_leaves_the_machine(closed_run):
    if closed_run.tried is None:
        pytest.skip(f"attempts to leave cannot be listed on this machine: {why_not()}")
    assert closed_run.done.returncode == 0
    assert closed_run.tried == []


def test_an_attempt_to_leave_would_be_listed(tmp_path):
    if reason := why_not():
        pytest.skip(f"attempts to leave cannot be listed on this machine: {reason}")
    call = "import socket; socket.create_connection(('198.51.100.7', 80))"
    done, tried = run_closed(f"{shlex.quote(sys.executable)} -c {shlex.quote(call)}", tmp_path / "log")
    assert done.returncode != 0
    assert tried == ["198.51.100.7"]


def test_no_clinical_text_in_what_a_run_prints_or_notes(closed_run):
    with Store.open(f"sqlite:///{closed_run.folder / 'records.db'}") as store:
        words = [record.text[10:60] for record in store.records()]
    printed = closed_run.done.stdout + closed_run.done.stderr
    for path in (*closed_run.folder.glob("runs/*"), *closed_run.folder.glob("reports/**/*.json")):
        printed += path.read_text(encoding="utf-8")
    assert [excerpt for excerpt in words if excerpt in printed] == []


def test_no_password_in_what_a_run_prints_or_notes(closed_run):
    credentials = read_credentials(closed_run.folder / "label-studio" / "secrets.json")
    assert credentials is not None
    printed = closed_run.done.stdout + closed_run.done.stderr
    printed += "".join(path.read_text(encoding="utf-8") for path in (closed_run.folder / "runs").iterdir())
    assert credentials.steward.login in printed
    assert credentials.steward.password.get_secret_value() not in printed
    assert credentials.steward.token.get_secret_value() not in printed


def test_only_people_are_told_the_password(tmp_path):
    server = Server("http://127.0.0.1:8099", 1, 8099, tmp_path / "log", "steward@x", "a-password", "a-token")
    step = FinishedStep("review", ReviewRound(server, Pushed("p"), Pulled("p")), 1.0)
    assert addresses([step]) == {"Label Studio": "http://127.0.0.1:8099 (login steward@x)"}
    assert addresses([step], with_password=True) == {
        "Label Studio": "http://127.0.0.1:8099 (login steward@x, password a-password)"
    }
    assert "a-password" not in repr(step)


def test_a_second_run_adds_nothing(closed_run):
    with Workspace.at(closed_run.folder).open_store() as store:
        before = (store.count_records(), store.layer_names(), store.count_decisions())
    assert curate_json("annotate", "--with", "rules", "--workspace", closed_run.folder)["done"] == 0
    with Workspace.at(closed_run.folder).open_store() as store:
        assert (store.count_records(), store.layer_names(), store.count_decisions()) == before
