"""Records for several people, records that come again, layers side by side."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from annotation.agreement.judgements import reviewed
from annotation.agreement.settings import AgreementSettings
from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import Pushed, push
from annotation.label_studio.exchange.repeats import task_key
from annotation.label_studio.exchange.task_payload import TaskRequest
from curation.decision import Verdict, on_layer
from curation.record import Entity, Layer, Record, record_id
from curation.store import Store


@pytest.fixture
def records(sqlite_store: Store) -> list[Record]:
    """Four records with a layer of the rules and one of an adapter."""
    texts = [f"Case {number}: fever and cough." for number in range(4)]
    made = [
        Record(id=record_id(one, language="en"), group=one, source="test", language="en", text=one) for one in texts
    ]
    sqlite_store.add_records(made)
    for record in made:
        sqlite_store.add_layers([said(record, "rules@1", "fever"), said(record, "adapter@7", "cough")])
    return made


def said(record: Record, author: str, word: str, category: str = "signs_symptoms") -> Layer:
    start = record.text.index(word)
    entity = Entity.at(record.text, start, start + len(word), category, id="T1", score=0.5)
    return Layer(record_id=record.id, name=author.partition("@")[0], author=author, entities=(entity,))


def counts(done: Pushed) -> dict[str, int]:
    names = ("created", "unchanged", "refreshed", "found", "waiting")
    return {name: getattr(done, name) for name in names if getattr(done, name)}


def mark(word: str, text: str, *, verdict: str | None = None) -> list[dict[str, Any]]:
    start = text.index(word)
    value = {"start": start, "end": start + len(word), "labels": ["signs_symptoms"]}
    part = {"id": "r1", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    choice = {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [verdict]}}
    return [part, choice] if verdict else [part]


def test_a_record_for_two_is_shown_to_two_and_neither_sees_the_other(
    client, settings, sqlite_store: Store, scheme, records, anna, ben, label_studio
) -> None:
    wanted = [TaskRequest(records[0].id, annotators=2), *(one.id for one in records[1:])]
    assert counts(push(sqlite_store, client, scheme, settings, ids=wanted)) == {"created": 4}
    project = client.find_project(settings.project)
    seen = Counter[str]()
    for person in (anna, ben):
        while (task := person.next_task(project.id)) is not None:
            assert task["annotations"] == []  # blind: what another said is not there
            seen[task["data"]["record_id"]] += 1
            person.annotate(task["id"], [])
    assert seen == Counter({record.id: 1 for record in records} | {records[0].id: 2})
    # A push without a wish for several does not take it back; more people can be asked for later.
    assert counts(push(sqlite_store, client, scheme, settings)) == {"unchanged": 4}
    again = [TaskRequest(records[1].id, annotators=2)]
    assert counts(push(sqlite_store, client, scheme, settings, ids=again)) == {"refreshed": 1}
    assert ben.next_task(project.id)["data"]["record_id"] == records[1].id
    assert counts(push(sqlite_store, client, scheme, settings, ids=again)) == {"unchanged": 1}


def test_a_repeat_is_a_second_task_and_its_answers_never_replace_the_first(
    client, settings, sqlite_store: Store, scheme, records, tasks, anna
) -> None:
    record = records[0]
    push(sqlite_store, client, scheme, settings, ids=[record.id])
    anna.annotate(tasks()[record.id].task_id, mark("fever", record.text, verdict="accept"))
    pull(sqlite_store, client, scheme, settings)
    wanted = [records[1].id, TaskRequest(record.id, repeat=1), records[2].id]
    assert counts(push(sqlite_store, client, scheme, settings, ids=wanted)) == {"created": 3}
    assert counts(push(sqlite_store, client, scheme, settings, ids=wanted)) == {"unchanged": 3}

    project = client.find_project(settings.project)
    there = client.tasks_of(project.id, [task_key(record.id, 1), record.id])
    (repeat,) = there[task_key(record.id, 1)]
    summary = {"validation": "Validation: not done yet", "assertions": ""}
    assert repeat["data"] == {"text": record.text, "record_id": task_key(record.id, 1), "language": "en"} | summary
    assert repeat["id"] != tasks()[record.id].task_id
    anna.annotate(repeat["id"], mark("cough", record.text, verdict="reject"))
    done = pull(sqlite_store, client, scheme, settings)
    assert (done.layers, done.decisions, done.refused) == (1, 0, [])
    said = {layer.name: layer for layer in sqlite_store.layer_history(record.id) if layer.author == "human:anna"}
    assert {name: layer.entities[0].text for name, layer in said.items()} == {
        "human:anna": "fever",
        "repeat:anna": "cough",
    }
    assert sqlite_store.verdicts(subject=on_layer("human:anna")) == {record.id: Verdict.ACCEPTED}
    (one,) = reviewed(sqlite_store, AgreementSettings())
    assert {"human:anna", "repeat:anna"} <= set(one.layers)
    # A full pull and a third time change nothing of that.
    assert pull(sqlite_store, client, scheme, settings, full=True).layers == 0
    third = [TaskRequest(record.id, repeat=2)]
    assert counts(push(sqlite_store, client, scheme, settings, ids=third)) == {"created": 1}


def test_an_answer_lost_after_the_commit_doubles_no_repeat_and_loses_no_overlap(
    client, settings, sqlite_store: Store, scheme, records, label_studio, proxy
) -> None:
    push(sqlite_store, client, scheme, settings, ids=[records[0].id])
    fates = iter(["502"])
    proxy.on_import = lambda body: next(fates)
    wanted = [TaskRequest(records[0].id, repeat=1), TaskRequest(records[1].id, annotators=2)]
    with Client(proxy.url, label_studio.server.token, settings) as through:
        assert counts(push(sqlite_store, through, scheme, settings, ids=wanted)) == {"created": 2}
    project = client.find_project(settings.project)
    keys = [records[0].id, records[1].id, task_key(records[0].id, 1)]
    found = client.tasks_of(project.id, keys)
    assert {key: len(tasks) for key, tasks in found.items()} == dict.fromkeys(keys, 1)
    assert [found[key][0]["overlap"] for key in keys] == [1, 2, 1]


def test_layers_stand_side_by_side_and_new_versions_come_in_few_requests(
    client, settings, sqlite_store: Store, scheme, records, tasks, anna, monkeypatch
) -> None:
    both = ["rules", "adapter"]
    assert counts(push(sqlite_store, client, scheme, settings, layers=both)) == {"created": 4}
    assert {task.predictions for task in tasks().values()} == {("rules@1", "adapter@7")}
    first = tasks()[records[0].id].task_id
    annotation = anna.annotate(first, mark("fever", records[0].text))

    sqlite_store.add_layers(said(record, "adapter@8", "fever") for record in records)
    sent: list[str] = []
    call = Client.call
    monkeypatch.setattr(Client, "call", lambda *a, **k: sent.append(f"{a[1]} {a[2]}") or call(*a, **k))
    done = push(sqlite_store, client, scheme, settings, layers=both)
    assert counts(done) == {"refreshed": 4}
    assert [one.partition(" ")[0] for one in sent].count("POST") == 1  # for all records together
    assert not any(one.startswith("PATCH /api/predictions") for one in sent)
    (task,) = client.tasks_by_id(client.find_project(settings.project).id, [first])
    assert sorted(one["model_version"] for one in task["predictions"]) == ["adapter@7", "adapter@8", "rules@1"]
    assert [(one["id"], one["result"]) for one in task["annotations"]] == [(annotation, mark("fever", records[0].text))]
