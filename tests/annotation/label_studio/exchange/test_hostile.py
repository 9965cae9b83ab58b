"""Whatever comes from Label Studio, a pull goes on: what does not hold is refused and kept aside, the rest comes in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from curation.record import Record, record_id
from curation.store import Store

TEXT = "Fever and cough since Monday."


def part(start: Any = 0, end: Any = 5, *, id: Any = "r1", **changes: Any) -> dict[str, Any]:
    """A region, with something about it that the editor would never send."""
    value = {"start": start, "end": end, "labels": ["signs_symptoms"]} | changes.pop("value", {})
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value} | changes


#: Each is one annotation; none of them holds a single part that is good.
GARBAGE: dict[str, Any] = {
    "nothing": [{}, {"type": None}, {"type": ["labels"]}],
    "offsets beyond": [part(0, 10**6), part(-3, 5, id="b"), part(7, 7, id="c"), part(9, 3, id="d")],
    "offsets of other kinds": [part("0", "5"), part(0.0, 5.0, id="b"), part(None, True, id="c"), part([0], {}, id="d")],
    "a number of 4000 digits": [part(0, int("1" + "0" * 4000))],
    "labels of other kinds": [part(value={"labels": one}, id=str(n)) for n, one in enumerate([[], "x", [5], None, {}])],
    "controls of others": [part(from_name="diagnosis"), part(to_name="html", id="b"), part(type="brush", id="c")],
    "ids of other kinds": [part(id=None), part(id=7), part(id=""), part(id="x" * 10_000), part(id="a\x00b")],
    "values of other kinds": [part() | {"value": one, "id": str(n)} for n, one in enumerate([[], "v", 3, {}])],
    "relations to nothing": [{"type": "relation", "from_id": "a", "to_id": "b", "labels": ["related_to"]}],
    "choices of others": [
        {"type": "choices", "from_name": "verdict", "to_name": "text", "value": {"choices": ["drop table"]}},
        {"type": "choices", "from_name": "document_x", "to_name": "text", "value": {"choices": ["a"]}},
        {
            "type": "choices",
            "from_name": "assertion",
            "to_name": "text",
            "id": "none",
            "value": {"choices": ["negated"]},
        },
    ],
    "too much": [part(id=str(number)) for number in range(20_001)],
    "nested": [part(value={"labels": json.loads("[" * 50 + "]" * 50)})],
}

#: Sent as bytes, since they are answered by an error after they are saved; the server cannot show them ever after.
POISON = {
    "half a character": b'{"result": [{"id": "\\ud800", "type": "labels"}]}',
    "a time without end": b'{"result": [], "lead_time": 1e400}',
}


@pytest.fixture
def pushed(client, settings, sqlite_store: Store, scheme, tasks) -> list[int]:
    """Three records, and their tasks."""
    texts = [TEXT, f"Again: {TEXT}", f"Once more: {TEXT}"]
    records = [
        Record(id=record_id(one, language="en"), group=one, source="t", language="en", text=one) for one in texts
    ]
    sqlite_store.add_records(records)
    push(sqlite_store, client, scheme, settings)
    return [tasks()[record.id].task_id or 0 for record in records]


def send_raw(label_studio, task: int, body: bytes) -> httpx.Response:
    headers = {"Authorization": f"Token {label_studio.tokens['ben']}", "content-type": "application/json"}
    address = f"{label_studio.server.url}/api/tasks/{task}/annotations/"
    return httpx.post(address, content=body, headers=headers, trust_env=False, timeout=60)


def test_garbage_is_kept_aside_and_everything_good_comes_in(
    pushed, client, settings, sqlite_store: Store, scheme, anna, label_studio
) -> None:
    first, *others = pushed
    # Some of it the server itself refuses; the rest it takes without a word.
    answers = {
        name: send_raw(label_studio, first, json.dumps({"result": one}).encode()) for name, one in GARBAGE.items()
    }
    sent = {answer.json()["id"]: name for name, answer in answers.items() if answer.status_code == 201}
    assert len(sent) > len(GARBAGE) / 2
    good = [part(), *(one for name in ("nothing", "offsets beyond", "relations to nothing") for one in GARBAGE[name])]
    mixed = anna.annotate(first, good)
    for task in others:
        anna.annotate(task, [part()])
    done = pull(sqlite_store, client, scheme, settings)
    kept = {event.annotation_id: event for event in sqlite_store.review_events(done.project, kind="refused")}
    assert set(kept) >= {*sent, mixed}
    # What could not be read is there as it came, up to a length.
    for id, name in sent.items():
        assert json.dumps(GARBAGE[name]).startswith(kept[id].content or "?")
        assert kept[id].reasons
    assert len(done.refused) == sum(len(event.reasons) for event in kept.values())
    layers = [layer for item in sqlite_store.items(["human:anna"]) for layer in item.layers.values()]
    assert [[entity.text for entity in layer.entities] for layer in layers] == [["Fever"], ["Again"], ["Once "]]
    # It is reported once, and stays.
    again = pull(sqlite_store, client, scheme, settings, full=True)
    assert (again.layers, again.refused) == (0, [])
    assert len(sqlite_store.review_events(done.project)) == len(kept)


@pytest.mark.parametrize("full", [False, True])
def test_an_annotation_that_the_server_cannot_show_hides_no_other(
    pushed, client, settings, sqlite_store: Store, scheme, anna, label_studio, full: bool
) -> None:
    for task in pushed:
        anna.annotate(task, [part()])
    for poison in POISON.values():
        send_raw(label_studio, pushed[1], poison)
    done = pull(sqlite_store, client, scheme, settings, full=full)
    assert done.layers == 3
    assert len(done.refused) == len(POISON)
    assert {reason for _, reason in done.refused} == {"expected Label Studio to show it, but it cannot"}
    assert done.deleted == []
    again = pull(sqlite_store, client, scheme, settings)
    assert (again.layers, again.refused, again.deleted) == (0, [], [])


def test_a_task_that_the_server_cannot_show_hides_no_other(
    pushed, client, settings, sqlite_store: Store, scheme, anna, label_studio
) -> None:
    for task in pushed:
        anna.annotate(task, [part()])
    pull(sqlite_store, client, scheme, settings)
    headers = {"Authorization": f"Token {label_studio.tokens['ben']}", "content-type": "application/json"}
    body = b'{"data": {"text": "\\ud800", "record_id": ["of", "nobody"]}}'
    address = f"{label_studio.server.url}/api/tasks/{pushed[0]}"
    httpx.patch(address, content=body, headers=headers, trust_env=False, timeout=60)
    anna.annotate(pushed[2], [part(7, 12)])
    done = pull(sqlite_store, client, scheme, settings)
    assert done.layers == 1
    assert done.refused == [(f"task {pushed[0]}", "expected Label Studio to show it, but it cannot")]
    assert pull(sqlite_store, client, scheme, settings, full=True).deleted == []
