"""Ctrl-C on real processes: what is kept is said, and no server is left behind without a word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from chat_server import chat_server, extraction
from command_line import curate
from sqlalchemy.exc import OperationalError

from annotation.label_studio.processes import is_alive
from annotation.label_studio.server.environment import ensure_environment
from annotation.label_studio.server.server import Server
from annotation.review_settings import ReviewSettings
from curation.errors import CurateError, StoreError
from curation.store import Store
from pipeline.commands.run import _say_kept
from pipeline.workspace import Workspace

CURATE = [sys.executable, "-c", "from pipeline.command import main; main()"]
ROOT = Path(__file__).parents[2]


def interrupted(words: list[str], begun: Callable[[], bool]) -> subprocess.CompletedProcess[str]:
    """How a command ends that is interrupted once it has begun."""
    process = subprocess.Popen(
        [*CURATE, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 120
    while not begun() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def many_records(folder: Path, annotated: Callable[..., object], settings: dict[str, object]) -> Workspace:
    workspace = Workspace.make(folder, {"run.annotators": ("rules",), "run.review": False, **settings})
    text = "A 54-year-old man number {} presented with fever, cough and chest pain. " * 5
    with workspace.open_store() as store:
        store.add_records(annotated(text.format(*[number] * 5))[0] for number in range(4000))  # type: ignore[index]
    return workspace


def done(workspace: Workspace) -> int:
    with Store.open(workspace.store_url) as store:
        return store.count_jobs().get("annotate:rules", {}).get("done", 0)


@pytest.mark.server
@pytest.mark.parametrize(("words", "kept"), [(["annotate", "--with", "rules"], None), (["run"], "no step")])
def test_what_is_done_is_kept_and_said(tmp_path, annotated, words, kept):
    workspace = many_records(tmp_path / "w", annotated, {})
    ended = interrupted([*words, "--workspace", str(workspace.folder)], lambda: done(workspace) > 0)
    count = done(workspace)
    assert 0 < count < 4000
    assert ended.returncode == 130, ended.stderr
    lines = ended.stderr.splitlines()
    assert f"annotate:rules: {count} records are done and kept, {4000 - count} are left" in lines
    assert lines[-1] == "interrupted; what was finished is kept, the same command goes on from there"
    assert "Traceback" not in ended.stderr
    assert (f"done and kept: {kept}" in lines) == (kept is not None)
    with Store.open(workspace.store_url) as store:
        assert [run.state for run in store.runs()] == ["interrupted"]


@pytest.mark.parametrize("lost", [OperationalError("SELECT 1", {}, OSError("gone")), StoreError("it did not open")])
def test_ctrl_c_is_told_as_such_when_the_database_is_gone(tmp_path, annotated, monkeypatch, lost):
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        store.add_records([annotated("Frau Zedernholz hat Fieber.", language="de")[0]])

    def interrupted_and_gone(*_: object, **__: object) -> None:
        for name in ("count_own", "count_jobs", "count_pending", "end_run"):
            monkeypatch.setattr(Store, name, fail)
        raise KeyboardInterrupt

    def fail(*_: object, **__: object) -> None:
        raise lost

    monkeypatch.setattr(Store, "pending", interrupted_and_gone)
    told = curate("annotate", "--with", "rules", "--workspace", workspace.folder, code=130).stderr
    assert told.splitlines()[-1] == "interrupted; what was finished is kept, the same command goes on from there"
    assert "error" not in told
    assert "Traceback" not in told


@pytest.mark.server
def test_a_server_that_is_just_starting_does_not_outlive_the_command(tmp_path):
    try:
        ensure_environment(ReviewSettings())
    except CurateError as error:
        pytest.skip(f"Label Studio cannot be installed here: {error}")
    workspace = Workspace.make(tmp_path / "w", {"review.port": 18241})
    state = workspace.folder / "label-studio" / "server.json"
    ended = interrupted(["review", "start", "--workspace", str(workspace.folder)], state.is_file)
    assert ended.returncode == 130, ended.stderr
    assert not is_alive(json.loads(state.read_text(encoding="utf-8"))["pid"])


def test_a_server_that_runs_on_is_told_of(tmp_path, monkeypatch, capsys):
    server = Server("http://127.0.0.1:8099", 1, 8099, tmp_path / "log", "steward@x", "a-password", "a-token")
    monkeypatch.setattr("pipeline.steps.review.server.running_server", lambda workspace: server)
    folder = tmp_path / "my work"
    _say_kept(Workspace(folder), [])
    assert capsys.readouterr().err.splitlines() == [
        "done and kept: no step",
        f"Label Studio runs on at http://127.0.0.1:8099; to stop it: curate review stop --workspace '{folder}'",
    ]


@pytest.mark.server
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_asks_a_model_ends_with_all_that_was_on_its_way(tmp_path, annotated, number, code):
    folder = tmp_path / "w"
    workspace = Workspace.make(folder)
    with workspace.open_store() as store:
        store.add_records(annotated(f"Bericht {count}: Husten seit Tagen.", language="de")[0] for count in range(60))
    with chat_server() as server:

        def respond(body):
            time.sleep(0.4)
            return extraction(("Husten", "signs_symptoms"))

        server.respond = respond
        (folder / "curate.toml").write_text(f'[models.m]\nurls = ["{server.url}"]\nconcurrency = 4\n', encoding="utf-8")
        words = ["annotate", "--with", "llm:m", "--workspace", str(folder)]
        process = subprocess.Popen(
            [*CURATE, *words], stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT
        )
        while len(server.requests) < 8 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == code
        assert "nothing more is sent; waiting for" in said
        assert "the same command goes on from there" in said
        assert "Traceback" not in said
        with workspace.open_store() as store:
            kept = store.layer_names()["llm"]
            assert kept == len(server.requests) == store.spending()[0].answers < 60
        server.respond = lambda body: extraction(("Husten", "signs_symptoms"))
        curate(*words)
        assert len(server.requests) == 60
