from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import Pushed, push
from annotation.label_studio.exchange.task_payload import task_data
from annotation.label_studio.status import review_status
from annotation.review_settings import ReviewSettings
from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import ReviewError
from curation.record import Entity, Layer, Record, record_id
from curation.scheme import Scheme
from curation.store import ReviewTask, Store

#: A push in a process of its own, to be killed.
PUSH = """
import sys
from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.push import push
from annotation.review_settings import ReviewSettings
from curation.scheme import load_scheme
from curation.store import Store

settings = ReviewSettings.model_validate_json(sys.argv[3])
with Store.open(sys.argv[1]) as store, Client(sys.argv[2], sys.stdin.read(), settings) as client:
    push(store, client, load_scheme(), settings)
"""


def add_records(store: Store, count: int) -> list[Record]:
    texts = [f"Case {number}: fever ≥ 39 °C 🤒\r\nand cough." for number in range(count)]
    records = [
        Record(id=record_id(text, language="en"), group=text, source="test", language="en", text=text) for text in texts
    ]
    store.add_records(records)
    return records


def rules(record: Record, words: str = "fever", score: float = 0.5, author: str = "rules@1") -> Layer:
    start = record.text.index(words)
    entity = Entity.at(record.text, start, start + len(words), "signs_symptoms", id="T1", score=score)
    return Layer(record_id=record.id, name=author.partition("@")[0], author=author, entities=(entity,))


def on_server(client: Client, settings: ReviewSettings, store: Store) -> Counter[str]:
    """How many tasks each record has."""
    project = client.find_project(settings.project)
    assert project is not None
    records = [record.id for record in store.records()]
    tasks = client.tasks_of(project.id, records)
    assert project.tasks == sum(map(len, tasks.values()))
    return Counter({id: len(found) for id, found in tasks.items()})


def once(records: Sequence[Record]) -> Counter[str]:
    return Counter({record.id: 1 for record in records})


def counts(done: Pushed) -> dict[str, int]:
    names = ("created", "unchanged", "refreshed", "found", "doubles_removed")
    return {name: getattr(done, name) for name in names if getattr(done, name)}


def test_push_sends_each_record_once_with_its_prediction(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    records = add_records(sqlite_store, 3)
    sqlite_store.add_layers([rules(record) for record in records[:2]])
    done = push(sqlite_store, client, scheme, settings)
    assert (counts(done), done.refused, done.model_version) == ({"created": 3}, [], "rules@1")
    first, _, last = (tasks()[record.id] for record in records)
    there = {task["id"]: task for task in client.tasks_by_id(_project(client, settings), [first.task_id, last.task_id])}
    summary = {"validation": "Validation: not done yet", "assertions": ""}
    assert [task["data"] for task in there.values()] == [
        task_data(records[0]) | summary,
        task_data(records[2]) | summary,
    ]
    (prediction,) = there[first.task_id]["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("rules@1", 0.5)
    assert prediction["result"][0]["value"] == {"start": 8, "end": 13, "text": "fever", "labels": ["signs_symptoms"]}
    assert there[last.task_id]["predictions"] == []
    # The label stream shows no prediction unless the project names its version.
    assert client.project(_project(client, settings)).model_version == "rules@1"


def test_what_validation_says_later_reaches_the_task(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    (record,) = add_records(sqlite_store, 1)
    sqlite_store.add_layers([rules(record)])
    german = settings.model_copy(update={"language": "de"})
    push(sqlite_store, client, scheme, german)
    failures = {"failures": [{"expectation": "doses_possible"}]}
    about = {"kind": DecisionKind.LAYER, "layer": "rules", "details": failures}
    sqlite_store.decide([Decision(record_id=record.id, verdict=Verdict.NEEDS_REVIEW, by="policy", **about)])
    assert counts(push(sqlite_store, client, scheme, german)) == {"refreshed": 1}
    assert counts(push(sqlite_store, client, scheme, german)) == {"unchanged": 1}
    (task,) = client.tasks_by_id(_project(client, german), [tasks()[record.id].task_id])
    assert task["data"]["validation"] == "Prüfung: bitte ansehen – eine Dosis ist ungewöhnlich"


def test_a_second_push_adds_nothing(client, settings, sqlite_store: Store, scheme: Scheme) -> None:
    records = add_records(sqlite_store, 5)
    small = settings.model_copy(update={"batch_size": 2})
    assert counts(push(sqlite_store, client, scheme, small)) == {"created": 5}
    assert counts(push(sqlite_store, client, scheme, small)) == {"unchanged": 5}
    assert on_server(client, settings, sqlite_store) == once(records)


def test_only_the_records_that_are_asked_for(client, settings, sqlite_store: Store, scheme: Scheme) -> None:
    records = add_records(sqlite_store, 3)
    wanted = [records[1].id]
    assert counts(push(sqlite_store, client, scheme, settings, ids=wanted)) == {"created": 1}
    assert on_server(client, settings, sqlite_store) == once(records[1:2])


def test_turned_away_and_contradictory_records_stay_here(client, settings, sqlite_store: Store, scheme: Scheme) -> None:
    good, quarantined, rejected, foreign = add_records(sqlite_store, 4)
    verdicts = {quarantined.id: Verdict.QUARANTINED, rejected.id: Verdict.REJECTED, good.id: Verdict.NEEDS_REVIEW}
    sqlite_store.decide(Decision(record_id=id, verdict=verdict, by="policy") for id, verdict in verdicts.items())
    layer = rules(foreign)
    category = layer.entities[0].model_copy(update={"category": "not_of_this_scheme"})
    sqlite_store.add_layers([layer.model_copy(update={"entities": (category,)})])
    blank = Record(id="blank", group="blank", source="test", language="en", text=" \r\n")
    sqlite_store.add_records([blank])
    done = push(sqlite_store, client, scheme, settings)
    assert counts(done) == {"created": 1}
    assert [id for id, _ in done.refused] == [foreign.id, "blank"]
    assert "expected one of the categories" in done.refused[0][1]
    assert on_server(client, settings, sqlite_store) == once([good])


def test_the_preferred_layer_is_shown_and_more_on_wish(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    (record,) = add_records(sqlite_store, 1)
    sqlite_store.add_layers([rules(record), rules(record, "cough", 0.75, "adapter@7")])
    push(sqlite_store, client, scheme, settings)
    assert tasks()[record.id].predictions == ("adapter@7",)
    done = push(sqlite_store, client, scheme, settings.model_copy(update={"shown": 2}))
    assert counts(done) == {"refreshed": 1}
    assert tasks()[record.id].predictions == ("adapter@7", "rules@1")
    assert done.model_version == "adapter@7"


def test_newer_layers_refresh_predictions_and_leave_annotations_alone(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks, anna
) -> None:
    one, other = records = add_records(sqlite_store, 2)
    sqlite_store.add_layers(rules(record) for record in records)
    push(sqlite_store, client, scheme, settings)
    entry = tasks()[one.id]
    shown = _predictions(client, settings, entry.task_id)
    annotation = anna.annotate(entry.task_id, shown[0]["result"])
    sqlite_store.add_layers([rules(one, "cough", 0.9), rules(other, "cough", 0.9, "adapter@1")])
    assert counts(push(sqlite_store, client, scheme, settings)) == {"refreshed": 2}
    (task,) = client.tasks_by_id(_project(client, settings), [entry.task_id])
    # Of the same version: changed where it is, because an open page refers to it by its id.
    assert [prediction["id"] for prediction in task["predictions"]] == [shown[0]["id"]]
    assert task["predictions"][0]["result"][0]["value"]["text"] == "cough"
    assert [found["id"] for found in task["annotations"]] == [annotation]
    assert task["annotations"][0]["result"] == shown[0]["result"]
    # Of another version: beside the older one.
    versions = [one["model_version"] for one in _predictions(client, settings, tasks()[other.id].task_id)]
    assert sorted(versions) == ["adapter@1", "rules@1"]
    assert counts(push(sqlite_store, client, scheme, settings)) == {"unchanged": 2}


def test_an_answer_lost_after_the_commit_doubles_nothing(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, proxy
) -> None:
    records = add_records(sqlite_store, 25)
    fates = iter(["502", "pass", "502"])
    proxy.on_import = lambda body: next(fates)
    small = settings.model_copy(update={"batch_size": 10})
    with Client(proxy.url, label_studio.server.token, small) as through:
        assert counts(push(sqlite_store, through, scheme, small)) == {"created": 25}
        assert proxy.requests == [201, 201]
        assert counts(push(sqlite_store, through, scheme, small)) == {"unchanged": 25}
    assert on_server(client, settings, sqlite_store) == once(records)


def test_one_record_that_the_server_refuses_keeps_no_other_out(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, proxy
) -> None:
    records = add_records(sqlite_store, 9)
    bad = records[4]
    proxy.on_import = lambda body: "refuse" if bad.id.encode() in body else "pass"
    with Client(proxy.url, label_studio.server.token, settings) as through:
        done = push(sqlite_store, through, scheme, settings)
        assert counts(done) == {"created": 8}
        assert [id for id, _ in done.refused] == [bad.id]
        assert bad.text not in done.refused[0][1]
    assert counts(push(sqlite_store, client, scheme, settings)) == {"created": 1, "unchanged": 8}
    assert on_server(client, settings, sqlite_store) == once(records)


def test_a_push_that_is_never_confirmed_says_so_and_goes_on_later(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, proxy, monkeypatch
) -> None:
    records = add_records(sqlite_store, 3)
    hasty = settings.model_copy(update={"settle_base": 0.0})
    with Client(proxy.url, label_studio.server.token, hasty) as through:
        project = ensure_project(through, scheme, hasty)
        monkeypatch.setattr(proxy, "on_import", lambda body: "drop")
        with pytest.raises(ReviewError, match="expected Label Studio to confirm 3 records"):
            push(sqlite_store, through, scheme, hasty)
        assert {task.task_id for task in sqlite_store.review_tasks(project.key).values()} == {None}
    assert counts(push(sqlite_store, client, scheme, hasty)) == {"created": 3}
    assert on_server(client, settings, sqlite_store) == once(records)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_between_the_servers_commit_and_ours_doubles_nothing(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, proxy, store_address, tasks
) -> None:
    records = add_records(sqlite_store, 10)
    ensure_project(client, scheme, settings)
    fates = iter(["pass", "hang"])
    proxy.on_import = lambda body: next(fates)
    small = settings.model_copy(update={"batch_size": 4})
    process = _push_elsewhere(store_address, proxy.url, label_studio.server.token, small)
    assert proxy.committed.wait(60)
    _kill(process)
    assert Counter(task.task_id is not None for task in tasks().values()) == {True: 4, False: 4}
    done = push(sqlite_store, client, scheme, small)
    assert counts(done) == {"created": 2, "found": 4, "unchanged": 8}
    assert on_server(client, settings, sqlite_store) == once(records)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_request_still_at_work_when_its_sender_was_killed_doubles_nothing(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, proxy, store_address
) -> None:
    records = add_records(sqlite_store, 6)
    ensure_project(client, scheme, settings)
    proxy.on_import = lambda body: "lose"
    process = _push_elsewhere(store_address, proxy.url, label_studio.server.token, settings)
    assert proxy.arrived.wait(60)
    _kill(process)
    # The server gets to see the request only now, while the next push has begun already.
    threading.Timer(0.7, proxy.hold.set).start()
    assert counts(push(sqlite_store, client, scheme, settings)) == {"found": 6, "unchanged": 6}
    assert proxy.committed.is_set()
    assert on_server(client, settings, sqlite_store) == once(records)


def test_doubles_that_came_too_late_are_removed_and_work_is_kept(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks, anna
) -> None:
    one, other, begun = records = add_records(sqlite_store, 3)
    push(sqlite_store, client, scheme, settings, ids=[one.id, other.id])
    project = client.find_project(settings.project)
    doubles = client.import_tasks(project.id, [{"data": task_data(record)} for record in (one, other)])
    anna.annotate(doubles[1], [])
    sqlite_store.put_review_tasks(project.key, [ReviewTask(record_id=begun.id, project=project.key)])
    done = push(sqlite_store, client, scheme, settings.model_copy(update={"settle_base": 0.0}))
    assert counts(done) == {"created": 1, "unchanged": 2, "doubles_removed": 2}
    assert tasks()[other.id].task_id == doubles[1]
    assert on_server(client, settings, sqlite_store) == once(records)


def test_a_lost_ledger_is_made_again_from_the_server(
    client, settings, sqlite_store: Store, scheme: Scheme, tmp_path
) -> None:
    records = add_records(sqlite_store, 4)
    sqlite_store.add_layers(rules(record) for record in records)
    push(sqlite_store, client, scheme, settings)
    with Store.open(f"sqlite:///{tmp_path / 'restored.db'}") as restored:
        restored.add_records(records)
        restored.add_layers(rules(record) for record in records)
        assert counts(push(restored, client, scheme, settings)) == {"found": 4, "refreshed": 4}
    assert on_server(client, settings, sqlite_store) == once(records)


def test_two_pushes_at_once_double_nothing(
    client, settings, sqlite_store: Store, scheme: Scheme, label_studio, store_address
) -> None:
    records = add_records(sqlite_store, 30)
    ensure_project(client, scheme, settings)
    small = settings.model_copy(update={"batch_size": 10})
    both = [_push_elsewhere(store_address, label_studio.server.url, label_studio.server.token, small) for _ in "12"]
    assert [process.wait(60) for process in both] == [0, 0]
    assert on_server(client, settings, sqlite_store) == once(records)


def test_a_server_that_is_gone_is_named_without_a_trace_of_the_token(
    settings, sqlite_store: Store, scheme: Scheme, label_studio
) -> None:
    add_records(sqlite_store, 1)
    with (
        Client("http://127.0.0.1:9", label_studio.server.token, settings) as nobody,
        pytest.raises(ReviewError, match="nothing answers there") as error,
    ):
        push(sqlite_store, nobody, scheme, settings)
    assert error.value.__cause__ is None
    assert label_studio.server.token not in repr(error.value)


def test_a_scheme_may_lose_what_nobody_used_and_nothing_else(
    client, settings, sqlite_store: Store, scheme: Scheme, tasks, anna
) -> None:
    (record,) = add_records(sqlite_store, 1)
    push(sqlite_store, client, scheme, settings)
    last, first = scheme.categories[-1].name, scheme.categories[0].name
    fewer = scheme.model_copy(update={"categories": scheme.categories[:-1]})
    value = {"start": 0, "end": 5, "text": "", "labels": [last]}
    used = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    annotation = anna.annotate(tasks()[record.id].task_id, [used])
    with pytest.raises(ReviewError, match=rf"label: {last} \(used 1 times\) would be lost to 1 annotations"):
        push(sqlite_store, client, fewer, settings)
    assert last in client.project(_project(client, settings)).label_config
    # Another label does as well, and then this one may go.
    anna.edit(annotation, result=[{**used, "value": value | {"labels": [first]}}])
    push(sqlite_store, client, fewer, settings)
    assert last not in client.project(_project(client, settings)).label_config


def test_status_counts(client, settings, sqlite_store: Store, scheme: Scheme, label_studio, tasks, anna) -> None:
    records = add_records(sqlite_store, 2)
    push(sqlite_store, client, scheme, settings)
    anna.annotate(tasks()[records[0].id].task_id, [])
    pull(sqlite_store, client, scheme, settings)
    found = review_status(sqlite_store, label_studio.workspace, settings)
    expected = {"up": True, "tasks": 2, "annotated": 1, "annotations": 1, "pushed": 2, "unconfirmed": 0}
    assert found | expected == found
    assert (found["annotators"], found["version"]) == ({"human:anna": 1}, "1.23.2")


@pytest.fixture
def store_address(tmp_path) -> str:
    """The URL of the test's SQLite store, for another process."""
    return f"sqlite:///{tmp_path / 'records.db'}"


def _project(client: Client, settings: ReviewSettings) -> int:
    project = client.find_project(settings.project)
    assert project is not None
    return project.id


def _predictions(client: Client, settings: ReviewSettings, task: int) -> list[dict]:
    (found,) = client.tasks_by_id(_project(client, settings), [task])
    return found["predictions"]


def _push_elsewhere(store: str, url: str, token: str, settings: ReviewSettings) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PUSH, store, url, json.dumps(settings.model_dump(mode="json"))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=os.getcwd())
    assert process.stdin is not None
    process.stdin.write(token)
    process.stdin.close()
    return process


def _kill(process: subprocess.Popen[str]) -> None:
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
