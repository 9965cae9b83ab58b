"""Answers under another reviewer's name, by an annotator's account: none becomes that reviewer's, and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from review_parts.label_studio_servers import BenchmarkServer, label_studio

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.doubted import count_waiting
from annotation.label_studio.exchange.pull import Pulled, pull
from annotation.label_studio.exchange.push import push
from curation.record import Record, record_id
from curation.scheme import load_scheme
from curation.store import Store
from door_parts.attack import Attack

DOOR = "forged reviewers"

TEXT = "Fieber und Husten seit Montag."
SCHEME = load_scheme()


@dataclass(frozen=True)
class ReviewRoom:
    """A server, a store, and two annotators."""

    server: BenchmarkServer
    store: Store
    client: Client
    anna: httpx.Client
    ben: httpx.Client
    ids: dict[str, int]
    #: The tasks that nobody has used.
    tasks: list[int]

    @property
    def project(self) -> int:
        """The number of the project."""
        found = self.client.find_project(self.server.settings.project)
        assert found is not None
        return found.id

    def pull(self) -> Pulled:
        """What came back."""
        return pull(self.store, self.client, SCHEME, self.server.settings)

    def record_of(self, task: int) -> str:
        """The record that a task shows."""
        (found,) = self.client.tasks_by_id(self.project, [task])
        return str(found["data"]["record_id"])


Forge = Callable[[ReviewRoom, int], None]


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Every forgery against one server, then the work that is genuine."""
    with label_studio() as server, server.store() as store, server.client() as client:
        made = [f"{TEXT} ({number})" for number in range(len(FORGERIES) + len(GENUINE) + len(UNNOTICED))]
        ids = [record_id(text, language="de") for text in made]
        store.add_records(
            Record(id=id, group=id, source="doors", language="de", text=text)
            for id, text in zip(ids, made, strict=True)
        )
        push(store, client, SCHEME, server.settings)
        accounts = {login.partition("@")[0]: id for id, login in client.users().items()}
        project = client.find_project(server.settings.project)
        assert project is not None
        tasks = [task["id"] for task in client.tasks(project.id, [], full=False)]
        with _person(server, "anna") as anna, _person(server, "ben") as ben:
            room = ReviewRoom(server, store, client, anna, ben, accounts, tasks)
            yield from (_forged(room, what, forge) for what, forge in FORGERIES.items())
            yield from (_genuine(room, what, work) for what, work in GENUINE.items())
            yield from (_unnoticed(room, what, forge) for what, forge in UNNOTICED.items())
        again = pull(store, client, SCHEME, server.settings, full=True)
        moved = (again.layers, again.decisions, len(again.doubted))
        yield Attack(
            DOOR, "what waits counts after another pull", any(moved), f"{count_waiting(store)} wait, {moved} new"
        )


def _person(server: BenchmarkServer, name: str) -> httpx.Client:
    headers = {"Authorization": f"Token {server.token(name)}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False)


def _forged(room: ReviewRoom, what: str, forge: Forge) -> Attack:
    """The forgery worked where it became somebody's layer or decision, or was lost without a word."""
    task, waiting = room.tasks.pop(), count_waiting(room.store)
    record = room.record_of(task)
    forge(room, task)
    done = room.pull()
    layers = [layer.name for layer in room.store.layer_history(record) if layer.name.startswith("human:")]
    counted = bool(done.layers or done.decisions or layers)
    lost = len(done.doubted) != 1 or count_waiting(room.store) != waiting + 1
    return Attack(DOOR, what, counted or lost, "; ".join(why for _, why in done.doubted) or f"became {layers}")


def _genuine(room: ReviewRoom, what: str, work: Forge) -> Attack:
    """Genuine work that is doubted is a door to keep others' work out."""
    work(room, room.tasks.pop())
    done = room.pull()
    seen = f"{done.layers} layers, {len(done.doubted)} doubted"
    return Attack(DOOR, f"genuine: {what}", bool(done.doubted) or not done.layers, seen)


def _unnoticed(room: ReviewRoom, what: str, forge: Forge) -> Attack:
    """What no field and no entry of the server tells."""
    forge(room, room.tasks.pop())
    done = room.pull()
    return Attack(DOOR, what, not done.doubted, "no field and no entry of the server tells it; see review operations")


def _answer(label: str = "signs_symptoms", verdict: str = "accept") -> list[dict[str, Any]]:
    value = {"start": 0, "end": 6, "labels": [label]}
    return [
        {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value},
        {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [verdict]}},
    ]


def _post(person: httpx.Client, task: int, **fields: object) -> int:
    made = person.post(f"/api/tasks/{task}/annotations/", json={"result": _answer(), "lead_time": 9, **fields})
    made.raise_for_status()
    id: int = made.json()["id"]
    return id


def _patch(person: httpx.Client, annotation: int, **fields: object) -> None:
    person.patch(f"/api/annotations/{annotation}/", json=fields).raise_for_status()


def _post_with_all_fields(room: ReviewRoom, task: int) -> None:
    told = dict.fromkeys(("completed_by", "updated_by", "last_created_by"), room.ids["anna"])
    others = {"last_action": "submitted", "created_username": "anna", "draft_created_at": "2026-01-01T00:00:00Z"}
    _post(room.ben, task, **told, **others)


def _bring_in(room: ReviewRoom, task: int, author: object) -> None:
    (shown,) = room.client.tasks_by_id(room.project, [task])
    body = [{"data": shown["data"], "annotations": [{"result": _answer(), "completed_by": author}]}]
    room.ben.post(f"/api/projects/{room.project}/import", json=body).raise_for_status()


def _take(room: ReviewRoom, task: int) -> None:
    _patch(room.ben, _post(room.anna, task), completed_by=room.ids["ben"], result=_answer("diagnosis", "reject"))


def _with_a_draft(room: ReviewRoom, task: int) -> None:
    made = room.ben.post(f"/api/tasks/{task}/drafts", json={"result": _answer(), "user": "anna@clincurate.local"})
    _post(room.ben, task, completed_by=room.ids["anna"], draft_id=made.json()["id"])


FORGERIES: dict[str, Forge] = {
    "an answer saved as another's": lambda room, task: _ignore(_post(room.ben, task, completed_by=room.ids["anna"])),
    "an answer saved as another's, with every field that the API takes": _post_with_all_fields,
    "an answer saved as the steward's": lambda room, task: _ignore(
        _post(room.ben, task, completed_by=room.ids["steward"])
    ),
    "an answer saved as another's, then changed": lambda room, task: _patch(
        room.ben, _post(room.ben, task, completed_by=room.ids["anna"]), result=_answer("diagnosis")
    ),
    "an own answer given to another": lambda room, task: _patch(
        room.ben, _post(room.ben, task), completed_by=room.ids["anna"]
    ),
    "another's answer taken before a pull, and rejected": _take,
    "an answer from a draft in another's name": _with_a_draft,
    "an import that names another by number": lambda room, task: _bring_in(room, task, room.ids["anna"]),
    "an import that names another by mail": lambda room, task: _bring_in(
        room, task, {"email": "anna@clincurate.local"}
    ),
}


def _edit_own(room: ReviewRoom, task: int) -> None:
    _patch(room.anna, _post(room.anna, task), result=_answer("diagnosis"))


def _edit_anothers(room: ReviewRoom, task: int) -> None:
    _patch(room.ben, _post(room.anna, task), result=_answer("diagnosis"))


def _edit_as_steward(room: ReviewRoom, task: int) -> None:
    made = _post(room.anna, task)
    room.client.call("PATCH", f"/api/annotations/{made}/", body={"result": _answer("diagnosis")})


GENUINE: dict[str, Forge] = {
    "an own answer": lambda room, task: _ignore(_post(room.anna, task)),
    "an own answer, edited": _edit_own,
    "another's answer, edited under the own name": _edit_anothers,
    "an answer that the steward edits": _edit_as_steward,
}


def _change_a_draft(room: ReviewRoom, task: int) -> None:
    made = room.anna.post(f"/api/tasks/{task}/drafts", json={"result": _answer()}).json()["id"]
    room.ben.patch(f"/api/drafts/{made}/", json={"result": _answer("diagnosis")}).raise_for_status()
    room.anna.post(
        f"/api/tasks/{task}/annotations/", json={"result": _answer("diagnosis"), "lead_time": 9, "draft_id": made}
    ).raise_for_status()


UNNOTICED: dict[str, Forge] = {"another's draft, changed before its author submits it": _change_a_draft}


def _ignore(_: object) -> None:
    """Nothing: the number of what was made is not used."""
