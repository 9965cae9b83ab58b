"""What people save is in the store within seconds: hints make it fast, looking makes it sure."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotation.label_studio.exchange.push import push
from annotation.label_studio.session import TOKEN
from annotation.label_studio.watch.loop import WatchSignal
from annotation.label_studio.watch.webhook import ACTIONS
from annotation.label_studio.watch.webhook_receiver import HEADER, PATH, HintServer
from curation.record import Record, record_id
from curation.store import Store
from pipeline.steps.review.watch import watch_reviews
from pipeline.workspace import Workspace

TEXT = "Fever and cough."

#: So long nothing may take, on the slowest machine.
PATIENCE = 90.0

#: So long that nothing is found by looking.
NEVER = 86_400.0


def until(what: Callable[[], Any]) -> Any:
    """What it gives, once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def mark(word: str) -> list[dict[str, Any]]:
    start = TEXT.index(word)
    value = {"start": start, "end": start + len(word), "labels": ["signs_symptoms"]}
    return [{"id": "r1", "from_name": "label", "to_name": "text", "type": "labels", "value": value}]


@pytest.fixture
def workspace(tmp_path: Path, label_studio, settings, scheme, client, monkeypatch) -> Workspace:
    """A workspace on the test's project, with one record pushed."""
    monkeypatch.setenv(TOKEN, label_studio.server.token)
    place = Workspace.make(
        tmp_path / "watched",
        {
            "review.url": label_studio.server.url,
            "review.project": settings.project,
            "review.unvalidated": True,
            "review.watch.poll": NEVER,
        },
    )
    with place.open_store() as store:
        id = record_id(TEXT, language="en")
        store.add_records([Record(id=id, group="g", source="test", language="en", text=TEXT)])
        push(store, client, scheme, settings)
    return place


def task_of(client, settings) -> int:
    project = client.find_project(settings.project)
    (task,) = client.tasks(project.id, [], full=False)
    return int(task["id"])


def said(store: Store) -> list[str]:
    """The wording that anna's layer has."""
    layer = store.layer(record_id(TEXT, language="en"), "human:anna")
    return [entity.text for entity in layer.entities] if layer else []


@contextlib.contextmanager
def watching(place: Workspace) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the watch tells, while it runs."""
    told: list[tuple[str, dict[str, Any]]] = []
    watch_signal = WatchSignal()
    with place.open_store() as store:
        thread = threading.Thread(
            target=watch_reviews, args=(place, store, watch_signal, lambda *one: told.append(one))
        )
        thread.start()
        try:
            until(lambda: told)
            yield told
        finally:
            watch_signal.stop()
            thread.join(PATIENCE)
    assert not thread.is_alive()


def test_what_is_saved_is_there_at_once_and_the_hook_goes_with_the_watch(
    workspace: Workspace, client, settings, anna
) -> None:
    project, task = client.find_project(settings.project).id, task_of(client, settings)
    with workspace.open_store() as store, watching(workspace) as told:
        (hook,) = client.webhooks(project)
        assert (hook["url"], hook["send_payload"]) == (told[0][1]["address"], False)
        assert set(hook["actions"]) == set(ACTIONS)
        annotation = anna.annotate(task, mark("Fever"))
        until(lambda: said(store) == ["Fever"])
        anna.edit(annotation, result=mark("cough"))
        until(lambda: said(store) == ["cough"])
        anna.delete(annotation)
        place = f"annotation {annotation} of task {task}"
        until(lambda: [found for _, found in told if found.get("deleted") == [place]])
        assert said(store) == ["cough"]
        # A hint without the secret, or with another one, is not taken.
        address = hook["url"]
        for headers in ({}, {HEADER: "guess"}, {HEADER: hook["headers"][HEADER] + "x"}):
            assert httpx.post(address, headers=headers, trust_env=False).status_code == 403
        assert httpx.post(address, headers=hook["headers"], trust_env=False).status_code == 202
    assert client.webhooks(project) == []
    assert told[-1][0] == "stopped"
    assert told[-1][1]["layers"] == 2


def test_a_lost_hint_is_made_up_for_by_looking(workspace: Workspace, client, settings, anna) -> None:
    project, task = client.find_project(settings.project).id, task_of(client, settings)
    config = workspace.folder / "curate.toml"
    config.write_text(config.read_text().replace(f"poll = {NEVER}", "poll = 0.2"))
    workspace = Workspace.at(workspace.folder)
    assert workspace.config.review.watch.poll == 0.2
    with workspace.open_store() as store, watching(workspace):
        for hook in client.webhooks(project):
            client.delete_webhook(hook["id"])
        anna.annotate(task, mark("Fever"))
        until(lambda: said(store) == ["Fever"])


def test_a_hint_is_answered_before_any_work_is_done() -> None:
    watch_signal = WatchSignal()
    with HintServer("127.0.0.1", 0, "secret", watch_signal.notify) as hints:
        address = f"http://127.0.0.1:{hints.port}"
        body = {"action": "ANNOTATION_CREATED", "padding": "x" * 20_000}
        answer = httpx.post(address + PATH, headers={HEADER: "secret"}, json=body, trust_env=False)
        # Nobody has looked yet: the signal is only set.
        assert (answer.status_code, watch_signal.news.is_set(), watch_signal.stopped.is_set()) == (202, True, False)
        watch_signal.news.clear()
        assert httpx.post(address + "/other", headers={HEADER: "secret"}, trust_env=False).status_code == 404
        assert httpx.get(address + PATH, headers={HEADER: "secret"}, trust_env=False).status_code == 501
        assert not watch_signal.news.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(workspace: Workspace, client, settings, number: signal.Signals) -> None:
    project = client.find_project(settings.project).id
    # Left over from a watch that was killed: nobody listens there.
    client.add_webhook(project, f"http://127.0.0.1:9{PATH}", {HEADER: "old"}, ["ANNOTATION_CREATED"])
    main = "from pipeline.command import main; main()"
    command = [sys.executable, "-c", main, "review", "watch", "--json"]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, cwd=workspace.folder, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        assert started["event"] == "listening"
        assert [hook["url"] for hook in client.webhooks(project)] == [started["address"]]
        process.send_signal(number)
        lines = [json.loads(line) for line in process.stdout]
        assert process.wait(PATIENCE) == 0
    assert lines[-1]["event"] == "stopped"
    assert client.webhooks(project) == []
